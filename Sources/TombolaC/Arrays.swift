import CTombola
import Convolution
import LinearAlgebra
import Outcomes
import RunControl

/// An array that C lends for a call: checked sizes, and elements by strides of bytes.
struct LentArray {
  let name: String
  let shape: [Int]
  private let type: Int32
  private let strides: [Int]
  private let data: UnsafeRawPointer?

  /// The array; nil for one that says there is none.
  ///
  /// - Throws: `OptionError` for a type, rank or shape that none has.
  init?(_ array: tombola_array, _ name: String) throws(OptionError) {
    if array.type == Int32(TOMBOLA_NONE) { return nil }
    func wrong(_ expected: String, _ found: String) -> OptionError {
      OptionError(option: name, expected: expected, found: found)
    }
    guard (Int32(TOMBOLA_FLOAT32)...Int32(TOMBOLA_UINT8)).contains(array.type) else {
      throw wrong("an element type of tombola.h", "\(array.type)")
    }
    guard (0...4).contains(array.rank) else { throw wrong("a rank of 0 to 4", "\(array.rank)") }
    let rank = Int(array.rank)
    let (sizes, steps) = (array.shape, array.strides)
    shape = [sizes.0, sizes.1, sizes.2, sizes.3].prefix(rank).map { Int($0) }
    strides = [steps.0, steps.1, steps.2, steps.3].prefix(rank).map { Int($0) }
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      // Elements are copied: strides may repeat few bytes to any number of elements.
      guard size >= 0, !overflow, ByteCount.product(8, product) <= MachineMemory.bytes else {
        throw wrong("sizes ≥ 0 whose product fits memory", "\(shape)")
      }
      count = product
    }
    guard array.data != nil || count == 0 else { throw wrong("a pointer to elements", "null") }
    (self.name, type, data) = (name, array.type, array.data)
  }

  var count: Int { shape.reduce(1, *) }

  /// Elements in row-major order, converted from what they are.
  private func elements<Stored, Value>(
    _: Stored.Type, _ convert: (Stored) throws(OptionError) -> Value
  ) throws(OptionError) -> [Value] {
    guard let data, count > 0 else { return [] }
    var values: [Value] = []
    values.reserveCapacity(count)
    let inner = shape.last ?? 1
    let step = strides.last ?? MemoryLayout<Stored>.size
    var outer = Array(repeating: 0, count: max(0, shape.count - 1))
    while true {
      var place = data
      for (index, stride) in zip(outer, strides) { place += index * stride }
      for i in 0..<inner { values.append(try convert(place.loadUnaligned(fromByteOffset: i * step, as: Stored.self))) }
      var axis = outer.count - 1
      while axis >= 0 {
        outer[axis] += 1
        if outer[axis] < shape[axis] { break }
        outer[axis] = 0
        axis -= 1
      }
      if axis < 0 { return values }
    }
  }

  /// Whether elements lie one behind the other.
  private func isDense(_ size: Int) -> Bool {
    var expected = size
    for (extent, stride) in zip(shape, strides).reversed() {
      if extent != 1 && stride != expected { return false }
      expected *= extent
    }
    return true
  }

  private func copy<Value>(_: Value.Type) -> [Value]? {
    guard let data, count > 0, isDense(MemoryLayout<Value>.size) else { return nil }
    let count = count
    return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(
        from: UnsafeRawBufferPointer(start: data, count: count * MemoryLayout<Value>.size))
      initialized = count
    }
  }

  var isSingle: Bool { type == Int32(TOMBOLA_FLOAT32) }

  private var typeName: String {
    switch type {
    case Int32(TOMBOLA_FLOAT32): "float32"
    case Int32(TOMBOLA_FLOAT64): "float64"
    case Int32(TOMBOLA_INT64): "int64"
    case Int32(TOMBOLA_INT32): "int32"
    default: "uint8"
    }
  }

  private func wrongType(_ expected: String) -> OptionError {
    OptionError(option: name, expected: expected, found: "elements of type \(typeName)")
  }

  /// Elements of float32 or float64, exactly.
  func doubles() throws(OptionError) -> [Double] {
    switch type {
    case Int32(TOMBOLA_FLOAT64):
      if let values = copy(Double.self) { return values }
      return try elements(Double.self) { $0 }
    case Int32(TOMBOLA_FLOAT32): return try elements(Float.self) { Double($0) }
    default: throw wrongType("float32 or float64")
    }
  }

  /// Elements of float32; with `rounding` also those of float64, rounded, and of uint8.
  func floats(rounding: Bool = false) throws(OptionError) -> [Float] {
    switch type {
    case Int32(TOMBOLA_FLOAT32):
      if let values = copy(Float.self) { return values }
      return try elements(Float.self) { $0 }
    case Int32(TOMBOLA_FLOAT64) where rounding: return try elements(Double.self) { Float($0) }
    case Int32(TOMBOLA_UINT8) where rounding: return try elements(UInt8.self) { Float($0) }
    default: throw wrongType(rounding ? "float32, float64 or uint8" : "float32")
    }
  }

  /// Elements of an integer type.
  func integers() throws(OptionError) -> [Int] {
    switch type {
    case Int32(TOMBOLA_INT64): try elements(Int64.self) { Int($0) }
    case Int32(TOMBOLA_INT32): try elements(Int32.self) { Int($0) }
    case Int32(TOMBOLA_UINT8): try elements(UInt8.self) { Int($0) }
    default: throw wrongType("int64, int32 or uint8")
    }
  }

  /// - Throws: `OptionError` unless the array has one of some shapes, which `expected` names.
  func require(_ holds: Bool, _ expected: String) throws(OptionError) {
    guard holds else {
      throw OptionError(option: name, expected: "shape \(expected)", found: Self.text(shape))
    }
  }

  static func text(_ shape: [Int]) -> String { "(" + shape.map(String.init).joined(separator: ", ") + ")" }
}

extension Tensor<Float> {
  /// Images (N, C, H, W), (N, C, W) or (N, K), channels behind pixels as networks read them.
  ///
  /// - Throws: `OptionError` for another shape or type.
  init(_ array: LentArray) throws {
    let sizes = array.shape
    try array.require(
      (2...4).contains(sizes.count) && sizes.allSatisfy { $0 > 0 }, "(N, C, H, W), (N, C, W) or (N, K), all above 0")
    let pixels = sizes.dropFirst(2)
    let shape = ImageShape(height: pixels.count == 2 ? sizes[2] : 1, width: pixels.last ?? 1, channels: sizes[1])
    let given = try array.floats(rounding: true)
    guard shape.pixels > 1, shape.channels > 1 else {
      try self.init(batch: sizes[0], shape: shape, values: given)
      return
    }
    var values = given
    for image in 0..<sizes[0] {
      let base = image * shape.count
      for channel in 0..<shape.channels {
        for pixel in 0..<shape.pixels {
          values[base + pixel * shape.channels + channel] = given[base + channel * shape.pixels + pixel]
        }
      }
    }
    try self.init(batch: sizes[0], shape: shape, values: values)
  }
}

extension ImageSet {
  /// Images that C lends, with labels where there are some; nil for none.
  ///
  /// - Throws: `OptionError`, `ConvolutionError`.
  init?(_ images: UnsafePointer<tombola_images>?, _ name: String, labelled: Bool) throws {
    guard let images = images?.pointee, let x = try LentArray(images.x, name) else { return nil }
    let y = labelled ? try LentArray(images.y, "\(name), labels") : nil
    if let y { try y.require(y.shape.count == 1, "(N)") }
    try self.init(name: name, images: Tensor(x), labels: y?.integers())
  }
}
