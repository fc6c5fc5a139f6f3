import Convolution
import Files
import Foundation
import Tickets

/// A ticket on disk: one safetensors file, readable with the public safetensors library, or the
/// same in its coded form (`packed()`).
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
  /// Bytes of the file that was read; nil for one that was not.
  public internal(set) var byteCount: Int?
  let source: String

  /// A file to write.
  ///
  /// - Parameters:
  ///   - ticket: what the file is of.
  ///   - claims: what its search found, or nil.
  ///   - witness: an image of the network's input shape on which the measured error occurs, or nil.
  ///   - targetFileDigest: SHA-256 of the target's file, in hexadecimal, or nil.
  ///   - search: how it was searched for, or nil.
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

  /// What another form of the file says, with the digest that it states of that.
  init(
    ticket: Ticket, claims: Claims?, witness: [Float]?, generator: String, targetFileDigest: String?,
    search: SearchPlan?, source: String, statedDigest: String?
  ) throws {
    self.ticket = ticket
    self.claims = claims
    self.witness = witness
    self.generator = generator
    self.targetFileDigest = targetFileDigest
    self.search = search
    self.source = source
    let contents = try Self.contents(
      ticket, claims: claims, witness: witness, generator: generator, targetFileDigest: targetFileDigest,
      search: search)
    let digest = contents.metadata["digest"] ?? ""
    isIntact = statedDigest.map { Ticket.isDigest($0, of: digest) } ?? true
  }

  static let format = "tombola-ticket"
  static let formatVersion = "1"

  /// Reads a ticket.
  ///
  /// - Throws: `FileError` when it is no ticket or of another version, `TicketError` when it
  ///   contradicts itself. An edited file reads, with `isIntact` false.
  public init(contentsOf path: String) throws { try self.init(reading: try ByteSource(path: path)) }

  /// Reads a ticket in either form, told by its first bytes.
  package init(reading source: ByteSource) throws {
    let start = [UInt8](try source.bytes(0..<min(CodedTicketFile.mark.count, source.count)))
    self =
      try CodedTicketFile.isStart(start)
      ? CodedTicketFile.read(source)
      : TicketFile(SafetensorsFile(SafetensorsHeader(reading: source), of: source))
    byteCount = source.count
  }

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
    isIntact = file.metadata["digest"] == file.contentDigest()
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

  /// Writes the file, coded where the name ends in `.tombola`; the same ticket and claims give the
  /// same bytes.
  ///
  /// - Returns: the file's bytes.
  /// - Throws: `FileError` when the output exists and `force` is not set, or cannot be written;
  ///   as `packed()`.
  @discardableResult
  public func write(to path: String, force: Bool) throws -> Int {
    let data = try path.hasSuffix(Self.codedEnding) ? packed() : serialized()
    try AtomicFile.write(data, to: path, force: force)
    return data.count
  }

  /// The file's bytes.
  public func serialized() throws -> Data { try contents().serialized() }

  /// The digest that the file states of its contents.
  package func contentDigest() throws -> String { try contents().metadata["digest"] ?? "" }

  private func contents() throws -> SafetensorsFile {
    try Self.contents(
      ticket, claims: claims, witness: witness, generator: generator, targetFileDigest: targetFileDigest,
      search: search)
  }

  private static func contents(
    _ ticket: Ticket, claims: Claims?, witness: [Float]?, generator: String, targetFileDigest: String?,
    search: SearchPlan?
  ) throws -> SafetensorsFile {
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
    file.metadata["digest"] = file.contentDigest()
    return file
  }
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
