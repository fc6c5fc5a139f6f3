import Files
import Foundation
import Tickets

/// A ticket's file in about as many bytes as its choice of filters takes.
///
/// Four bytes of mark and one of version, the lengths of two parts, the 32 bytes of the digest that
/// the ticket's safetensors file has, then the parts. The first, deflated, holds claims and
/// witness, which `verify` measures again; it may be absent. The second is one stream of a range
/// coder: the text of what the ticket says in words (`CodedTicketText`), the other digests and the
/// biases as they are, and the kept lists (`KeptListCode`). `docs/ticket-format.md` has it byte by
/// byte.
enum CodedTicketFile {
  static let mark = Array("TMBL".utf8)
  /// Whole digests, and lists of equal chances.
  static let version: UInt8 = 1
  /// Short digests, and lists by bands of |u|.
  static let smallVersion: UInt8 = 3
  /// Plain bits that say how long a layer's first band is.
  private static let firstBandBits = 10
  /// Bytes of a text, its end included: some thousands of nodes.
  private static let greatestText = 1 << 18
  /// Filters of all channels: to read a list takes a word of the generator for each.
  private static let greatestFilterCount = 1 << 32

  static func isStart(_ bytes: [UInt8]) -> Bool { bytes.starts(with: mark) }

  /// The bytes of a ticket, its claims and its witness.
  ///
  /// - Throws: `TicketError` for kept filters without their half's sign; `FileError` for more than
  ///   the format takes.
  static func data(of file: TicketFile, workers: Int) throws -> Data {
    let ticket = file.ticket
    try ticket.validateSigns()
    let network = try ticket.randomNetwork
    try requireModest(network, file.source)
    var coder = BitEncoder()
    var model = TextModel.primed
    let isSmall = ticket.hasShortDigests
    let text = Array(try CodedTicketText(file).text().utf8)
    guard text.count < greatestText, !text.contains(TextModel.end) else {
      throw FileError(
        .tooLarge, source: file.source, at: [.key("layer_graph")],
        expected: "fewer than \(greatestText) bytes of text, no form feed among them", found: "\(text.count)")
    }
    for byte in text + [TextModel.end] { _ = model.code(byte, with: &coder) }
    let digests = [ticket.targetDigest, ticket.calibrationDigest, file.targetFileDigest].compactMap { $0 }
    for digest in digests { _ = coder.bytes(try bytes(ofDigest: digest, file.source)) }
    for bias in ticket.biases {
      _ = coder.code(bias != nil, ones: 1, of: 2)
      if let bias { _ = CodedBias.code(bias, isSmall: isSmall, with: &coder) }
    }
    if isSmall {
      let bands = network.layers.map {
        MagnitudeBands.oneFilterEach(dimension: $0.sliceCount, filters: network.width)
      }
      for cut in bands { _ = coder.number(UInt64(cut.first), bits: firstBandBits) }
      var lists = BandedListCode(network, bands: bands)
      for (index, block) in ticket.blocks.enumerated() {
        try lists.prepare(for: ticket.blocks[index...].lazy.map(\.address), workers: workers)
        _ = lists.block(block.address, keeping: block.kept, with: &coder)
      }
    } else {
      var lists = KeptListCode(network)
      for block in ticket.blocks { _ = lists.block(block.address, keeping: block.kept, with: &coder) }
    }
    let code = coder.finish()
    let claims = try ClaimsPart(claims: file.claims, witness: file.witness).deflated(file.source)
    var data = Data(mark + [isSmall ? smallVersion : version])
    data.append(contentsOf: VariableLength.bytes(code.count) + VariableLength.bytes(claims.count))
    let digest = try bytes(ofDigest: try file.contentDigest(), file.source)
    data.append(contentsOf: isSmall ? Array(digest.prefix(Ticket.shortDigestLength / 2)) : digest)
    data.append(claims)
    data.append(contentsOf: code)
    return data
  }

  /// The bands of each layer's lists, as a decoder finds them.
  private static func bands(
    of network: RandomNetwork, with coder: inout BitDecoder, _ source: String
  ) throws(FileError) -> [MagnitudeBands] {
    var bands: [MagnitudeBands] = []
    for (index, layer) in network.layers.enumerated() {
      let first = Int(coder.number(bits: firstBandBits))
      guard let cut = MagnitudeBands(first: first, dimension: layer.sliceCount) else {
        throw FileError(
          .malformed, source: source, at: [.key("layer\(index + 1)"), .key("the first band")],
          expected: "\(MagnitudeBands.firstRange) 1024ths", found: "\(first)")
      }
      bands.append(cut)
    }
    return bands
  }

  /// The ticket of coded bytes, not intact where the stored digest is not that of what they say.
  ///
  /// - Throws: `FileError` for bytes of another version or another length than they announce,
  ///   `TicketError` for a ticket that contradicts itself.
  static func read(_ source: ByteSource, workers: Int = 1) throws -> TicketFile {
    let stream = try ByteStream(source)
    let start = [UInt8](try stream.take(mark.count + 1, "the mark and version"))
    let isSmall = start == mark + [smallVersion]
    guard isSmall || start == mark + [version] else {
      throw FileError(
        .unsupported, source: source.name, at: [.byte(mark.count)],
        expected: "a coded ticket of version \(version) or \(smallVersion)",
        found: isStart(start) ? "version \(start[mark.count])" : "another mark")
    }
    let codeCount = try VariableLength.take(from: stream, "the length of the code")
    let claimsCount = try VariableLength.take(from: stream, "the length of the claims")
    let digest = hexadecimal(try stream.take(isSmall ? Ticket.shortDigestLength / 2 : 32, "the digest"))
    let claimsStart = stream.position
    guard let left = stream.remaining, claimsCount <= left, codeCount == left - claimsCount else {
      let left = stream.remaining ?? 0
      let isShort = claimsCount > left || codeCount > left - claimsCount
      throw FileError(
        isShort ? .truncated : .oversized, source: source.name, at: [.byte(claimsStart)],
        expected: "\(claimsCount) bytes of claims and \(codeCount) of code", found: "\(left)")
    }
    let code = try source.bytes(claimsStart + claimsCount..<source.count)
    let claims = try ClaimsPart(source, range: claimsStart..<claimsStart + claimsCount)
    return try read([UInt8](code), claims, digest, isSmall: isSmall, source.name, workers)
  }

  private static func read(
    _ code: [UInt8], _ claims: ClaimsPart, _ digest: String, isSmall: Bool, _ source: String, _ workers: Int
  ) throws -> TicketFile {
    var coder = BitDecoder(code)
    func requireMore() throws {
      guard !coder.isExhausted else {
        throw FileError(.truncated, source: source, expected: "more bytes of code", found: "\(code.count)")
      }
    }
    var model = TextModel.primed
    var text: [UInt8] = []
    while true {
      let byte = model.code(0, with: &coder)
      if byte == TextModel.end { break }
      text.append(byte)
      try requireMore()
      guard text.count < greatestText else {
        throw FileError(
          .tooLarge, source: source, at: [.key("text")], expected: "fewer than \(greatestText) bytes", found: "more")
      }
    }
    guard let words = String(validating: text, as: UTF8.self) else {
      throw FileError(.malformed, source: source, at: [.key("text")], expected: "UTF-8", found: "an invalid sequence")
    }
    let said = try CodedTicketText(words, source: source)
    let network = try RandomNetwork(seed: said.seed, width: said.width, layers: said.graph.layers)
    try requireModest(network, source)
    func nextDigest(_ count: Int) -> String {
      hexadecimal(Data(coder.bytes([UInt8](repeating: 0, count: count))))
    }
    let short = isSmall ? Ticket.shortDigestLength / 2 : 32
    let targetDigest = nextDigest(short)
    let calibrationDigest = said.mode == .calibrated ? nextDigest(short) : nil
    let targetFileDigest = said.namesTargetFile ? nextDigest(32) : nil
    var biases: [[Float]?] = []
    for layer in said.graph.layers {
      let hasBias = coder.code(ones: 1, of: 2)
      let none = [Float](repeating: 0, count: layer.outputChannels)
      biases.append(hasBias ? CodedBias.code(none, isSmall: isSmall, with: &coder) : nil)
      try requireMore()
    }
    var lists = KeptListCode(network)
    var banded = isSmall ? BandedListCode(network, bands: try bands(of: network, with: &coder, source)) : nil
    var blocks: [Block] = []
    let addresses = Ticket.addresses(graph: said.graph, inputRange: said.inputRange)
    for (index, address) in addresses.enumerated() {
      try banded?.prepare(for: addresses[index...], workers: workers)
      blocks.append(banded?.block(address, with: &coder) ?? lists.block(address, with: &coder))
      try requireMore()
    }
    guard coder.unread == 0 else {
      throw FileError(
        .oversized, source: source, expected: "\(code.count - coder.unread) bytes of code", found: "\(code.count)")
    }
    let ticket = try Ticket(
      seed: said.seed, width: said.width, mode: said.mode, inputRange: said.inputRange, graph: said.graph,
      scales: said.scales, biases: biases, blocks: blocks, targetDigest: targetDigest,
      calibrationDigest: calibrationDigest, isComplete: said.isComplete)
    if let search = said.search { try TicketFile.validate(search, of: ticket) }
    return try TicketFile(
      ticket: ticket, claims: claims.claims, witness: claims.witness(said.graph.inputShape, source),
      generator: said.generator, targetFileDigest: targetFileDigest, search: said.search, source: source,
      statedDigest: digest)
  }

  private static func requireModest(_ network: RandomNetwork, _ source: String) throws(FileError) {
    let (filters, overflow) = network.filtersPerChannel.multipliedReportingOverflow(
      by: network.layers.reduce(0) { $0 + $1.inputChannels })
    guard !overflow, filters <= greatestFilterCount else {
      throw FileError(
        .tooLarge, source: source, at: [.key("width")], expected: "at most \(greatestFilterCount) filters in all",
        found: overflow ? "more" : "\(filters)")
    }
  }

  private static func hexadecimal(_ bytes: Data) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// The bytes of 64 lowercase hexadecimal digits, or of 16.
  private static func bytes(ofDigest digest: String, _ source: String) throws(FileError) -> [UInt8] {
    let digits = digest.compactMap { $0.isUppercase ? nil : $0.hexDigitValue }
    guard digest.count == 64 || digest.count == Ticket.shortDigestLength, digits.count == digest.count else {
      throw FileError(
        .unsupported, source: source, at: [.key("digest")], expected: "digests of 64 hexadecimal digits",
        found: FileError.quoted(digest))
    }
    return (0..<digits.count / 2).map { UInt8(16 * digits[2 * $0] + digits[2 * $0 + 1]) }
  }
}
