import Files
import Foundation

/// A safetensors file: text metadata and named tensors, in the order of their bytes.
///
/// The layout is eight bytes with the header's length, a JSON header, then the tensors' bytes
/// without gaps.
public struct SafetensorsFile: Sendable, Equatable {
  /// The greatest length of a header that the format allows, in bytes.
  static let greatestHeaderLength = 100_000_000

  /// The key under which a header keeps its metadata; no tensor may have this name.
  package static let metadataKey = "__metadata__"

  /// The order in which tensors are written.
  public enum Layout: Sendable {
    /// Wider elements first, then by name: every tensor is aligned to its elements. The public
    /// library's own order.
    case aligned
    /// As given. Readers accept it, but an element may lie across its natural alignment.
    case given
  }

  /// Free text by key. Values keep every character.
  public var metadata: [String: String]
  /// The tensors; in a file that was read, in the order of their bytes.
  public var tensors: [SafetensorsTensor]
  /// The file's path or the name of its bytes, for messages; it plays no part in comparisons.
  public let source: String

  /// A file's content from its parts. Names are checked when it is written.
  public init(metadata: [String: String] = [:], tensors: [SafetensorsTensor], source: String = "(in memory)") {
    self.metadata = metadata
    self.tensors = tensors
    self.source = source
  }

  /// Reads the file at `path`.
  public init(path: String) throws(FileError) { try self.init(reading: ByteSource(path: path)) }

  /// Reads a whole file from its bytes, strictly: a valid header without duplicate or unknown keys,
  /// tensors that cover the rest of the file without holes, overlaps or excess, and sizes that
  /// match types and shapes.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - source: what to call it in messages.
  /// - Throws: `FileError`.
  public init(bytes: Data, source: String) throws(FileError) {
    try self.init(reading: ByteSource(bytes, name: source))
  }

  private init(reading source: ByteSource) throws(FileError) {
    try self.init(SafetensorsHeader(reading: source), of: source)
  }

  /// Reads the tensors behind a header, the bytes of each once.
  init(_ header: SafetensorsHeader, of source: ByteSource) throws(FileError) {
    var tensors: [SafetensorsTensor] = []
    tensors.reserveCapacity(header.entries.count)
    for entry in header.entries {
      // The header has checked that the ranges lie within the bytes.
      let range = header.dataStart + entry.range.lowerBound..<header.dataStart + entry.range.upperBound
      tensors.append(
        try SafetensorsTensor(
          name: entry.name, dtype: entry.dtype, shape: entry.shape, bytes: try source.bytes(range),
          source: source.name))
    }
    self.init(metadata: header.metadata, tensors: tensors, source: source.name)
  }

  /// The tensor called `name`, compared byte for byte.
  ///
  /// - Throws: `FileError` of kind `missing` if there is none.
  public func tensor(_ name: String) throws(FileError) -> SafetensorsTensor {
    guard let tensor = tensors.first(where: { $0.name == name && $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw FileError(
        .missing, source: source, at: [.tensor(name)], expected: "a tensor of that name",
        found: "\(tensors.count) others")
    }
    return tensor
  }

  /// The file's bytes. The same content gives the same bytes: metadata first, its keys sorted by
  /// their UTF-8 bytes, then the tensors in the order of `layout`; the header is padded with spaces
  /// to a multiple of eight bytes.
  ///
  /// - Throws: `FileError` if a name is used twice or reserved, or the header exceeds the
  ///   format's limit.
  public func serialized(layout: Layout = .aligned) throws(FileError) -> Data {
    let ordered: [SafetensorsTensor]
    switch layout {
    case .given: ordered = tensors
    case .aligned:
      ordered = tensors.sorted { left, right in
        left.dtype == right.dtype
          ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : left.dtype.rank > right.dtype.rank
      }
    }
    let header = try SafetensorsHeader.text(metadata: metadata, tensors: ordered, source: source)
    var data = Data(capacity: 8 + header.count + ordered.reduce(0) { $0 + $1.bytes.count })
    data.append(ElementCoding.encode([UInt64(header.count)]))
    data.append(contentsOf: header)
    for tensor in ordered { data.append(tensor.bytes) }
    return data
  }

  /// Whether metadata and tensors, in their order, are the same.
  public static func == (left: SafetensorsFile, right: SafetensorsFile) -> Bool {
    left.metadata == right.metadata && left.tensors == right.tensors
  }
}
