import Files

/// A size in a document, which may be a multiple of the number of images: factor, or factor · N.
struct ONNXSize: Equatable {
  let factor: Int64
  let isPerImage: Bool

  init(_ factor: Int64, isPerImage: Bool = false) {
    self.factor = factor
    self.isPerImage = isPerImage && factor != 0
  }

  /// The number of images.
  static let batch = ONNXSize(1, isPerImage: true)
}

/// A constant on the way to another: real numbers, or integers that may be multiples of the number
/// of images.
struct ONNXArray {
  enum Content {
    case floats([Float])
    case integers([ONNXSize])
  }

  let shape: [Int]
  let content: Content

  init(shape: [Int], content: Content) {
    self.shape = shape
    self.content = content
  }

  init(shape: [Int], floats: [Float]) { self.init(shape: shape, content: .floats(floats)) }

  init(shape: [Int], integers: [ONNXSize]) { self.init(shape: shape, content: .integers(integers)) }

  init(_ tensor: ONNXTensor) {
    shape = tensor.shape
    switch tensor.values {
    case .float32(let values): content = .floats(values)
    case .float64(let values): content = .floats(values.map { Float($0) })
    case .int32(let values): content = .integers(values.map { ONNXSize(Int64($0)) })
    case .int64(let values): content = .integers(values.map { ONNXSize($0) })
    case .boolean(let values): content = .integers(values.map { ONNXSize($0 ? 1 : 0) })
    }
  }

  var count: Int {
    switch content {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  var integers: [ONNXSize]? { if case .integers(let values) = content { values } else { nil } }

  /// Plain integers; nil where one depends on the number of images.
  var plain: [Int]? {
    guard let integers, integers.allSatisfy({ !$0.isPerImage }) else { return nil }
    return integers.map { Int($0.factor) }
  }

  /// The entries as real numbers; nil where one depends on the number of images.
  var numbers: [Double]? {
    if case .floats(let values) = content { return values.map { Double($0) } }
    return plain?.map { Double($0) }
  }

  /// As a message says it.
  var text: String {
    guard let integers else { return "real numbers of shape \(CheckedSizes.text(shape))" }
    let parts = integers.prefix(8).map { $0.isPerImage ? ($0.factor == 1 ? "N" : "\($0.factor)·N") : "\($0.factor)" }
    return "[" + parts.joined(separator: ", ") + (integers.count > 8 ? ", …]" : "]")
  }

  /// The entries at flat indices, in that order.
  func picked(_ indices: [Int], shape: [Int]) -> ONNXArray {
    switch content {
    case .floats(let values): ONNXArray(shape: shape, floats: indices.map { values[$0] })
    case .integers(let values): ONNXArray(shape: shape, integers: indices.map { values[$0] })
    }
  }

  func reshaped(_ shape: [Int]) -> ONNXArray { ONNXArray(shape: shape, content: content) }

  /// Steps from one entry to the next along each dimension.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for place in shape.indices.dropLast().reversed() { strides[place] = strides[place + 1] * shape[place + 1] }
    return strides
  }

  /// start + Σ place · stride for all places of a shape, the last dimension fastest.
  static func indices(_ shape: [Int], strides: [Int], start: Int = 0) -> [Int] {
    var indices = [start]
    for (size, stride) in zip(shape, strides) {
      indices = indices.flatMap { first in (0..<size).map { first + $0 * stride } }
    }
    return indices
  }

  /// Flat indices that spread this array over a larger shape, aligned at the end.
  func spread(over target: [Int]) -> [Int]? {
    guard shape.count <= target.count else { return nil }
    let missing = target.count - shape.count
    var steps = [Int](repeating: 0, count: missing)
    for (place, stride) in strides.enumerated() {
      guard shape[place] == target[missing + place] || shape[place] == 1 else { return nil }
      steps.append(shape[place] == 1 ? 0 : stride)
    }
    return Self.indices(target, strides: steps)
  }
}
