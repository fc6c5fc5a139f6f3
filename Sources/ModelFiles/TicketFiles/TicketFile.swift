import Convolution
import Files
import Foundation
import Tickets

/// A ticket on disk: one safetensors file, readable with the public safetensors library.
///
/// Its metadata holds the seed, width, mode, input range, target digest, layer graph, scales,
/// candidate counts and claims as text or JSON, and a SHA-256 digest of all that and of the
/// tensors. Each block's kept filter indices are a U32 tensor `layer<i>.channel<t>.<half>`; the
/// bias that a layer takes from the target is an F32 tensor `layer<i>.bias`; an input that attains
/// the claimed lower bound on the error is the F32 tensor `witness` (height, width, channels). No
/// kernel is stored.
public struct TicketFile: Sendable {
  /// What the file is about.
  public let ticket: Ticket
  /// What was claimed when the ticket was drawn, or nil.
  public let claims: Claims?
  /// An input of the box that attains `claims.errorLowerBound`, NHWC, or nil. Nothing needs it to
  /// rebuild the network.
  public let witness: [Float]?
  /// Whether the stored digest is that of the contents.
  public let isIntact: Bool
  /// What wrote the file.
  public let generator: String
  /// SHA-256 of the target's file, in hexadecimal, or nil when the target was no file. For finding
  /// the target again: what counts is the digest of its tensors.
  public let targetFileDigest: String?
  /// How it was searched for, or nil.
  public let search: SearchPlan?
  let source: String

  /// A file to write.
  ///
  /// - Parameter witness: of the network's input shape.
  public init(
    ticket: Ticket, claims: Claims?, witness: [Float]? = nil, targetFileDigest: String? = nil,
    search: SearchPlan? = nil
  ) {
    self.ticket = ticket
    self.claims = claims
    self.witness = witness
    self.targetFileDigest = targetFileDigest
    self.search = search
    isIntact = true
    generator = TombolaVersion.generator
    source = "(in memory)"
  }

  static let format = "tombola-ticket"
  static let formatVersion = "1"

  /// Reads a ticket.
  ///
  /// - Throws: `FileError` when it is no ticket or of another version, `TicketError` when it
  ///   contradicts itself. An edited file reads, with `isIntact` false.
  public init(contentsOf path: String) throws { try self.init(try SafetensorsFile(path: path)) }

  /// The ticket in a safetensors file that has been read.
  init(_ file: SafetensorsFile) throws {
    let reader = MetadataReader(file, format: Self.format, formatVersion: Self.formatVersion)
    try reader.requireFormat()
    source = file.source
    generator = try reader.text("generator")
    targetFileDigest = file.metadata["target_file_digest"]
    guard let seed = UInt64(try reader.text("seed")), let width = Int(try reader.text("width")) else {
      throw reader.wrong("seed", expected: "64-bit seed and width", found: "other text")
    }
    guard let mode = PruningMode(rawValue: try reader.text("mode")) else {
      throw reader.wrong("mode", expected: "a mode of this version", found: try reader.text("mode"))
    }
    let graph: LayerGraph = try reader.json("layer_graph")
    let range: [Double] = try reader.json("input_range")
    guard range.count == 2 else { throw reader.wrong("input_range", expected: "two numbers", found: "\(range.count)") }
    let inputRange = try InputRange(low: range[0], high: range[1])
    let biases = try reader.biases(layers: graph.layers.count)
    witness = try reader.witness(graph.inputShape)
    let others = biases.count { $0 != nil } + (witness == nil ? 0 : 1)
    try reader.requireBlocks(Ticket.blockCount(graph: graph, inputRange: inputRange), besides: others)
    let blocks = try reader.blocks(
      Ticket.addresses(graph: graph, inputRange: inputRange), besides: others)
    ticket = try Ticket(
      seed: seed, width: width, mode: mode, inputRange: inputRange, graph: graph, scales: try reader.json("scales"),
      biases: biases, blocks: blocks, targetDigest: try reader.text("target_digest"),
      calibrationDigest: file.metadata["calibration_digest"],
      isComplete: try reader.json("complete"))
    search = file.metadata["search"] == nil ? nil : try reader.json("search")
    if let search { try Self.validate(search, of: ticket) }
    claims = file.metadata["claims"] == nil ? nil : try reader.json("claims")
    isIntact = file.metadata["digest"] == Self.digest(of: file)
  }

  /// SHA-256 of a file's bytes, in hexadecimal.
  ///
  /// - Throws: `FileError` when it cannot be read.
  public static func digest(ofFile path: String) throws -> String {
    var digest = SHA256Digest()
    try ByteSource(path: path).forEachPiece { piece in piece.withUnsafeBytes { digest.update($0) } }
    return digest.hexadecimal()
  }

  /// Refuses an edited file.
  ///
  /// - Throws: `FileError` unless `isIntact`.
  public func requireIntact() throws {
    if !isIntact {
      throw FileError(
        .malformed, source: source, at: [.key("digest")], expected: "the digest of the contents",
        found: "another: the file was edited or damaged")
    }
  }

  /// Writes the file; the same ticket and claims give the same bytes.
  ///
  /// - Throws: `FileError` when the output exists and `force` is not set, or cannot be written.
  public func write(to path: String, force: Bool) throws {
    try AtomicFile.write(try serialized(), to: path, force: force)
  }

  /// The file's bytes.
  public func serialized() throws -> Data {
    var metadata: [String: String] = [
      "format": Self.format, "format_version": Self.formatVersion, "generator": generator,
      "seed": String(ticket.seed), "width": String(ticket.width), "mode": ticket.mode.rawValue,
      "input_range": try json([ticket.inputRange.low, ticket.inputRange.high]),
      "target_digest": ticket.targetDigest, "layer_graph": try json(ticket.graph),
      "scales": try json(ticket.scales), "complete": try json(ticket.isComplete),
      "candidates": try json(ticket.blocks.map(\.candidates)),
    ]
    if let digest = ticket.calibrationDigest { metadata["calibration_digest"] = digest }
    if let targetFileDigest { metadata["target_file_digest"] = targetFileDigest }
    if let search { metadata["search"] = try json(search) }
    if let claims { metadata["claims"] = try json(claims) }
    var tensors = try ticket.blocks.map { try $0.tensor() }
    for (index, bias) in ticket.biases.enumerated() {
      guard let bias else { continue }
      tensors.append(
        try SafetensorsTensor(name: Ticket.biasTensorName(layer: index + 1), shape: [bias.count], floats: bias))
    }
    if let witness {
      let shape = ticket.graph.inputShape
      tensors.append(
        try SafetensorsTensor(
          name: Ticket.witnessTensorName, shape: [shape.height, shape.width, shape.channels], floats: witness))
    }
    var file = SafetensorsFile(metadata: metadata, tensors: tensors)
    file.metadata["digest"] = Self.digest(of: file)
    return try file.serialized()
  }

  /// SHA-256 over the metadata but the digest itself, sorted by key, and over the tensors, sorted
  /// by name.
  private static func digest(of file: SafetensorsFile) -> String {
    var digest = SHA256Digest()
    for key in file.metadata.keys.sorted() where key != "digest" {
      digest.update(field: key)
      digest.update(field: file.metadata[key]!)
    }
    for tensor in file.tensors.sorted(by: { $0.name < $1.name }) {
      digest.update(field: tensor.name)
      digest.update(field: "\(tensor.dtype) \(tensor.shape)")
      tensor.bytes.withUnsafeBytes { digest.update($0) }
    }
    return digest.hexadecimal()
  }
}

extension SHA256Digest {
  /// Appends a text behind its length, so that no two lists of texts give the same bytes.
  fileprivate mutating func update(field text: String) { update("\(text.utf8.count):\(text)\n") }
}

/// JSON with sorted snake-case keys, so that equal values give equal text.
func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

extension Block {
  /// Name of the tensor that holds a block's kept indices.
  static func tensorName(_ address: BlockAddress) -> String {
    "layer\(address.layer).channel\(address.channel).\(address.half.rawValue)"
  }

  func tensor() throws -> SafetensorsTensor {
    try SafetensorsTensor(name: Self.tensorName(address), shape: [kept.count], uint32s: kept)
  }
}

extension Ticket {
  /// Name of the tensor that holds the bias of a layer, 1…ℓ.
  static func biasTensorName(layer: Int) -> String { "layer\(layer).bias" }

  static var witnessTensorName: String { "witness" }
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
    let text = try text(key)
    var cursor = JSONCursor(Array(text.utf8), source: file.source, baseOffset: 0)
    do throws(FileError) { try cursor.checkDocument() } catch { throw error.within(.key(key)) }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { return try decoder.decode(Value.self, from: Data(text.utf8)) } catch is DecodingError {
      throw wrong(key, expected: "JSON of this format", found: "other text")
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
