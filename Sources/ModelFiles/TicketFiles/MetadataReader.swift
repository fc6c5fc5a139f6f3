import Convolution
import Files
import Foundation
import Tickets

/// JSON with sorted snake-case keys, so that equal values give equal text.
func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// Reads the text fields of a safetensors file of this project's formats.
struct MetadataReader {
  let file: SafetensorsFile
  let format: String
  let formatVersion: String

  init(_ file: SafetensorsFile, format: String, formatVersion: String) {
    self.file = file
    self.format = format
    self.formatVersion = formatVersion
  }

  func requireFormat() throws {
    guard file.metadata["format"] == format, file.metadata["format_version"] == formatVersion else {
      let found = [file.metadata["format"], file.metadata["format_version"]].compactMap { $0 }
      throw FileError(
        .unsupported, source: file.source, at: [.key("format")], expected: "\(format) version \(formatVersion)",
        found: found.isEmpty ? "no format in the metadata" : found.joined(separator: " version "))
    }
  }

  func text(_ key: String) throws -> String {
    guard let text = file.metadata[key] else { throw wrong(key, expected: "a value", found: "none") }
    return text
  }

  func json<Value: Decodable>(_ key: String) throws -> Value {
    try Self.value(of: try text(key), key: key, source: file.source)
  }

  /// The value that a JSON text holds.
  ///
  /// - Parameter key: what to call the text in messages.
  static func value<Value: Decodable>(of text: String, key: String, source: String) throws -> Value {
    var cursor = JSONCursor(Array(text.utf8), source: source, baseOffset: 0)
    do throws(FileError) { try cursor.checkDocument() } catch { throw error.within(.key(key)) }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { return try decoder.decode(Value.self, from: Data(text.utf8)) } catch is DecodingError {
      throw FileError(
        .malformed, source: source, at: [.key(key)], expected: "JSON of this format", found: "other text")
    }
  }

  /// The bias of each layer, nil where the file has none.
  func biases(layers: Int) throws -> [[Float]?] {
    let tensors = Dictionary(file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return try (1...layers).map { try tensors[Ticket.biasTensorName(layer: $0)].map { try list($0).floats() } }
  }

  /// The witness, nil where the file has none.
  func witness(_ shape: ImageShape) throws -> [Float]? {
    let name = Ticket.witnessTensorName
    guard let tensor = file.tensors.first(where: { $0.name == name }) else { return nil }
    let expected = [shape.height, shape.width, shape.channels]
    guard tensor.shape == expected else {
      throw FileError(
        .malformed, source: file.source, at: [.tensor(name)], expected: "shape \(expected)", found: "\(tensor.shape)")
    }
    return try tensor.floats()
  }

  /// The blocks of given addresses, and no tensors but theirs and `others` more.
  func blocks(_ addresses: [BlockAddress], besides others: Int = 0) throws -> [Block] {
    let candidates: [Int] = try json("candidates")
    try requireBlocks(addresses.count, besides: others)
    guard candidates.count == addresses.count else {
      throw wrong("candidates", expected: "\(addresses.count) counts", found: "\(candidates.count)")
    }
    let tensors = Dictionary(file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return try zip(addresses, candidates).map { address, count in
      let name = Block.tensorName(address)
      guard let tensor = tensors[name] else {
        throw FileError(
          .missing, source: file.source, at: [.tensor(name)], expected: "the kept filters of the block", found: "none")
      }
      return Block(address: address, candidates: count, kept: try list(tensor).uint32s())
    }
  }

  /// Checks that the file has so many tensors of blocks.
  func requireBlocks(_ count: Int, besides others: Int) throws {
    guard file.tensors.count - others == count else {
      throw wrong("candidates", expected: "\(count) blocks", found: "\(file.tensors.count - others) tensors")
    }
  }

  /// A tensor, if it has one dimension.
  private func list(_ tensor: SafetensorsTensor) throws -> SafetensorsTensor {
    guard tensor.shape.count == 1 else {
      throw FileError(
        .malformed, source: file.source, at: [.tensor(tensor.name)], expected: "one dimension",
        found: "shape \(tensor.shape)")
    }
    return tensor
  }

  func wrong(_ key: String, expected: String, found: String) -> FileError {
    FileError(.malformed, source: file.source, at: [.key(key)], expected: expected, found: found)
  }
}
