import Files
import Foundation

/// A look at the structure of an ONNX file before anything of it is decoded.
///
/// Decoded messages take a hundred times the two bytes that an empty one takes in a file, so their
/// number is bounded first, and how deep they lie in each other. Values of tensors are stepped over
/// and not read. Fields that the schema of this project does not have are stepped over too.
struct ONNXScan {
  /// The most messages of all kinds: nodes, attributes, tensors, dimensions and so on.
  static let greatestMessageCount = 1 << 18
  /// The most texts: names of inputs and outputs, and values of attributes.
  static let greatestTextCount = 1 << 20
  /// The most messages inside each other: a graph in a branch of a graph adds three.
  static let greatestDepth = 40
  /// The largest file, by the rules of protocol buffers.
  static let greatestByteCount = Int(Int32.max)

  private let source: ByteSource

  init(_ source: ByteSource) { self.source = source }

  /// - Throws: `FileError` for bytes that are not fields inside fields, or too many of them.
  func check() throws(FileError) {
    guard source.count <= Self.greatestByteCount else {
      throw FileError(
        .tooLarge, source: source.name, expected: "a model below 2 GiB, as protocol buffers demand",
        found: "\(source.count) bytes")
    }
    var walk = Walk(source: source)
    try walk.message(.model, end: source.count, depth: 1)
  }

  /// The messages of the schema in whose fields other messages are.
  private enum Message {
    case model, graph, function, node, attribute, tensor, value, type, tensorType, shape
    /// Without messages in its fields.
    case plain

    /// What a field of this number holds; nil for a number or bytes.
    func part(_ field: UInt64) -> Message? {
      switch (self, field) {
      case (.model, 7): .graph
      case (.model, 8), (.model, 14): .plain
      case (.model, 25): .function
      case (.function, 7): .node
      case (.function, 9): .plain
      case (.function, 11): .attribute
      case (.graph, 1): .node
      case (.graph, 5): .tensor
      case (.graph, 11), (.graph, 12), (.graph, 13): .value
      case (.graph, 15): .plain
      case (.node, 5): .attribute
      case (.attribute, 5): .tensor
      case (.attribute, 6): .graph
      case (.tensor, 3), (.tensor, 13): .plain
      case (.value, 2): .type
      case (.type, 1): .tensorType
      case (.type, 4), (.type, 5), (.type, 7), (.type, 8), (.type, 9): .plain
      case (.tensorType, 2): .shape
      case (.shape, 1): .plain
      default: nil
      }
    }

    /// Whether a field of this number is one of many texts.
    func isText(_ field: UInt64) -> Bool {
      switch (self, field) {
      case (.node, 1), (.node, 2), (.attribute, 9), (.tensor, 6), (.function, 4), (.function, 5), (.function, 6): true
      default: false
      }
    }
  }

  /// A position in the file, with the bytes around it.
  private struct Walk {
    let source: ByteSource
    private var position = 0
    private var window = Data()
    private var windowStart = 0
    private var messages = 0
    private var texts = 0

    init(source: ByteSource) { self.source = source }

    /// Walks over the fields of a message that ends at `end`.
    mutating func message(_ kind: Message, end: Int, depth: Int) throws(FileError) {
      messages += 1
      guard depth <= ONNXScan.greatestDepth else { throw fault("messages are nested too deep") }
      guard messages <= ONNXScan.greatestMessageCount else {
        throw tooMany("messages", ONNXScan.greatestMessageCount)
      }
      while position < end {
        let tag = try varint(end)
        let field = tag >> 3
        guard field > 0, field < 1 << 29 else { throw fault("a field is malformed") }
        switch tag & 7 {
        case 0: _ = try varint(end)
        case 1: try skip(8, end)
        case 5: try skip(4, end)
        case 2:
          guard let length = Int(exactly: try varint(end)) else { throw fault("a field is malformed") }
          guard length <= end - position else { throw fault("they end in the middle of a field") }
          if let part = kind.part(field) {
            try message(part, end: position + length, depth: depth + 1)
          } else {
            if kind.isText(field) { texts += 1 }
            guard texts <= ONNXScan.greatestTextCount else {
              throw tooMany("texts", ONNXScan.greatestTextCount)
            }
            position += length
          }
        default: throw fault("a field is malformed")
        }
      }
    }

    private mutating func skip(_ count: Int, _ end: Int) throws(FileError) {
      guard count <= end - position else { throw fault("they end in the middle of a field") }
      position += count
    }

    private mutating func varint(_ end: Int) throws(FileError) -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 70, by: 7) {
        guard position < end else { throw fault("they end in the middle of a field") }
        let byte = try byte()
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      throw fault("a field is malformed")
    }

    private mutating func byte() throws(FileError) -> UInt8 {
      if position < windowStart || position >= windowStart + window.count {
        window = try source.bytes(position..<min(source.count, position + 1 << 16))
        windowStart = position
      }
      defer { position += 1 }
      return window[position - windowStart]
    }

    private func fault(_ reason: String) -> FileError { ONNXDocument.notAModel(source, reason) }

    private func tooMany(_ what: String, _ limit: Int) -> FileError {
      FileError(
        .tooLarge, source: source.name, at: [.byte(position)], expected: "a model of at most \(limit) \(what)",
        found: "more")
    }
  }
}
