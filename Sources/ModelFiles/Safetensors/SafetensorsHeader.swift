import Files
import Foundation

/// The JSON header of a safetensors file.
struct SafetensorsHeader {
  /// What the header says of one tensor. The range is relative to the end of the header.
  struct Entry {
    var name: String
    var dtype: SafetensorsElementType
    var shape: [Int]
    var range: Range<Int>
    /// Where in the file the entry stands.
    var place: FileError.Location
  }

  private(set) var metadata: [String: String] = [:]
  /// The tensors in the order of their bytes: without holes or overlaps, and exactly as long as the
  /// file.
  private(set) var entries: [Entry] = []
  /// The offset of the first byte after the header.
  let dataStart: Int

  /// More tensors, or keys of the metadata, than any file of this kind has.
  private static let greatestCount = 1 << 20

  /// Reads the header of a file and checks it against the file's size.
  init(reading bytes: ByteSource) throws(FileError) {
    let source = bytes.name
    let stream = try ByteStream(bytes)
    var cursor = ByteCursor(try stream.take(8, "the length of the header"), source: source)
    let length = try cursor.size(UInt64.self, "the length of the header")
    guard length <= SafetensorsFile.greatestHeaderLength else {
      throw FileError(
        .tooLarge, source: source, at: [.byte(0)],
        expected: "a header of at most \(SafetensorsFile.greatestHeaderLength) bytes", found: "\(length)")
    }
    let text = [UInt8](try stream.take(length, "the header"))
    dataStart = stream.position
    if let fault = Self.firstInvalidUTF8(text) {
      throw FileError(
        .malformed, source: source, at: [.byte(8 + fault)], expected: "a header in UTF-8", found: "an invalid sequence")
    }
    guard text.first == UInt8(ascii: "{") else {
      throw FileError(
        .malformed, source: source, at: [.byte(8)], expected: "a header that starts with '{'",
        found: text.first.map { "byte 0x" + String($0, radix: 16) } ?? "an empty one")
    }

    var json = JSONCursor(text, source: source, baseOffset: 8)
    var metadata: [String: String] = [:]
    var entries: [Entry] = []
    func requireFew(_ count: Int, _ place: FileError.Location) throws(FileError) {
      guard count <= Self.greatestCount else {
        throw FileError(
          .tooLarge, source: source, at: [place], expected: "at most \(Self.greatestCount) tensors and keys",
          found: "more")
      }
    }
    try json.object { (json, name, place) throws(FileError) in
      try requireFew(entries.count + 1, place)
      if name == SafetensorsFile.metadataKey {
        try json.object { (json, key, place) throws(FileError) in
          try requireFew(metadata.count + 1, place)
          let value = try json.string()
          guard metadata.updateValue(value, forKey: key) == nil else {
            throw FileError(
              .malformed, source: source, at: [place, .key(key)], expected: "each metadata key once",
              found: "two that are equivalent in Unicode")
          }
        }
      } else {
        entries.append(try Self.entry(name, place, &json, source))
      }
    }
    try json.finish()
    self.metadata = metadata
    self.entries = try Self.inOrder(entries, dataCount: bytes.count - dataStart, source)
  }

  /// The header's bytes for tensors that follow each other in this order, padded to a multiple of
  /// eight.
  static func text(
    metadata: [String: String], tensors: [SafetensorsTensor], source: String
  ) throws(FileError) -> [UInt8] {
    var text = Array("{".utf8)
    if !metadata.isEmpty {
      appendString(SafetensorsFile.metadataKey, to: &text)
      text.append(contentsOf: ":{".utf8)
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      for (index, item) in sorted.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        appendString(item.key, to: &text)
        text.append(UInt8(ascii: ":"))
        appendString(item.value, to: &text)
      }
      text.append(UInt8(ascii: "}"))
    }
    var names: Set<[UInt8]> = []
    var position = 0
    for tensor in tensors {
      guard tensor.name != SafetensorsFile.metadataKey, names.insert(Array(tensor.name.utf8)).inserted else {
        throw FileError(
          .malformed, source: source, at: [.tensor(tensor.name)], expected: "names that are not reserved, each once",
          found: tensor.name == SafetensorsFile.metadataKey ? "a reserved one" : "a second one")
      }
      guard let end = CheckedSizes.sum(position, tensor.bytes.count) else {
        throw FileError(
          .tooLarge, source: source, at: [.tensor(tensor.name)], expected: "offsets below 2^63", found: "an overflow")
      }
      if text.count > 1 { text.append(UInt8(ascii: ",")) }
      appendString(tensor.name, to: &text)
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let rest = ":{\"dtype\":\"\(tensor.dtype)\",\"shape\":[\(shape)],\"data_offsets\":[\(position),\(end)]}"
      text.append(contentsOf: rest.utf8)
      position = end
    }
    text.append(UInt8(ascii: "}"))
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    guard text.count <= SafetensorsFile.greatestHeaderLength else {
      throw FileError(
        .tooLarge, source: source, expected: "a header of at most \(SafetensorsFile.greatestHeaderLength) bytes",
        found: "\(text.count)")
    }
    return text
  }

  private static func entry(
    _ name: String, _ place: FileError.Location, _ json: inout JSONCursor, _ source: String
  ) throws(FileError) -> Entry {
    var dtype: SafetensorsElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try json.object { (json, key, place) throws(FileError) in
      switch key {
      case "dtype":
        let text = try json.string()
        dtype = SafetensorsElementType(rawValue: text)
        if dtype == nil {
          throw FileError(
            .unsupported, source: source, at: [.tensor(name), place],
            expected: "a dtype among \(SafetensorsElementType.allCases.map(\.rawValue).joined(separator: " "))",
            found: FileError.quoted(text))
        }
      case "shape": shape = try json.sizes()
      case "data_offsets": offsets = try json.sizes()
      default:
        throw FileError(
          .malformed, source: source, at: [.tensor(name), place], expected: "dtype, shape and data_offsets",
          found: "the key \(FileError.quoted(key))")
      }
    }
    guard let dtype, let shape, let offsets else {
      let absent = dtype == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw FileError(
        .malformed, source: source, at: [.tensor(name), place], expected: "dtype, shape and data_offsets",
        found: "no \(absent)")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw FileError(
        .malformed, source: source, at: [.tensor(name), place], expected: "data_offsets [start, end] with start ≤ end",
        found: CheckedSizes.text(offsets))
    }
    guard let size = CheckedSizes.byteCount(shape, bitsPerElement: dtype.bits) else {
      throw FileError(
        .tooLarge, source: source, at: [.tensor(name), place], expected: "a shape of whole bytes below 2^63 bits",
        found: "\(CheckedSizes.text(shape)) of \(dtype)")
    }
    guard size == offsets[1] - offsets[0] else {
      throw FileError(
        .malformed, source: source, at: [.tensor(name), place],
        expected: "\(size) bytes for \(CheckedSizes.text(shape)) of \(dtype)",
        found: "data_offsets of \(offsets[1] - offsets[0])")
    }
    return Entry(name: name, dtype: dtype, shape: shape, range: offsets[0]..<offsets[1], place: place)
  }

  /// The entries by offset, checked to cover `dataCount` bytes. Empty tensors come before the one
  /// at their offset; among themselves they keep the header's order.
  private static func inOrder(
    _ entries: [Entry], dataCount: Int, _ source: String
  ) throws(FileError) -> [Entry] {
    let order = entries.indices.sorted { left, right in
      let (first, second) = (entries[left].range, entries[right].range)
      return (first.lowerBound, first.upperBound, left) < (second.lowerBound, second.upperBound, right)
    }
    var position = 0
    for index in order {
      let entry = entries[index]
      guard entry.range.lowerBound == position else {
        throw FileError(
          .malformed, source: source, at: [.tensor(entry.name), entry.place],
          expected: "data that starts at \(position), where the tensor before it ends",
          found: "\(entry.range.lowerBound), \(entry.range.lowerBound > position ? "a hole" : "an overlap")")
      }
      guard entry.range.upperBound <= dataCount else {
        throw FileError(
          .truncated, source: source, at: [.tensor(entry.name), entry.place],
          expected: "\(entry.range.upperBound) bytes after the header", found: "\(dataCount)")
      }
      position = entry.range.upperBound
    }
    guard position == dataCount else {
      throw FileError(
        .oversized, source: source, expected: "\(position) bytes after the header, as its tensors say",
        found: "\(dataCount)")
    }
    return order.map { entries[$0] }
  }

  /// The offset of the first byte that is not valid UTF-8.
  private static func firstInvalidUTF8(_ text: [UInt8]) -> Int? {
    if String(validating: text, as: UTF8.self) != nil { return nil }
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = text.makeIterator()
    var offset = 0
    while case .valid(let sequence) = parser.parseScalar(from: &iterator) { offset += sequence.count }
    return offset
  }

  /// Appends a JSON string: quotation marks, backslashes and control characters escaped, all else
  /// as it is.
  private static func appendString(_ value: String, to text: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    text.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0x08: text.append(contentsOf: "\\b".utf8)
      case 0x09: text.append(contentsOf: "\\t".utf8)
      case 0x0a: text.append(contentsOf: "\\n".utf8)
      case 0x0c: text.append(contentsOf: "\\f".utf8)
      case 0x0d: text.append(contentsOf: "\\r".utf8)
      case 0..<0x20: text.append(contentsOf: Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }
}
