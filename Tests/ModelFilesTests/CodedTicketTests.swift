import Convolution
import Files
import Foundation
import LinearAlgebra
import ModelFiles
import Pruning
import TestSupport
import Testing
import Tickets

/// The coded form of a ticket's file: the same ticket, and no damage that passes for it.
@Suite struct CodedTicketTests {
  private static let digest = String(repeating: "c4", count: 32)

  /// Tickets with and without biases, claims, witness and digests; of kernels of every window.
  private static func files() throws -> [TicketFile] {
    let plain = try SampleTicket.search().run().ticket
    let wide = try SampleTicket.wideTicket()
    var claims = try #require(try SampleTicket.file().claims)
    claims.certificateReason = "a \"reason\"\nof two lines, ≤ 1"
    let calibrated = try Ticket(
      seed: wide.seed, width: wide.width, mode: .calibrated, inputRange: wide.inputRange, graph: wide.graph,
      scales: wide.scales.map { $0 * 0x1p-9 }, biases: wide.biases, blocks: wide.blocks, targetDigest: digest,
      calibrationDigest: String(digest.reversed()), isComplete: false)
    let witness = (0..<wide.graph.inputShape.count).map { Float($0 % 7) / 7 }
    let plan = SearchPlan(mode: .calibrated(CalibrationPlan(damping: 0.1, sweeps: 2)), workLimit: 1 << 60)
    let short = String(digest.prefix(Ticket.shortDigestLength))
    let small = try Ticket(
      seed: wide.seed, width: wide.width, mode: .calibrated, inputRange: wide.inputRange, graph: wide.graph,
      scales: wide.scales, biases: wide.biases, blocks: wide.blocks, targetDigest: short,
      calibrationDigest: String(short.reversed()), isComplete: true)
    let rounded = try Ticket(
      seed: wide.seed, width: wide.width, mode: .weights, inputRange: wide.inputRange, graph: wide.graph,
      scales: wide.scales,
      biases: zip(wide.biases, [Float(0x1p-9), 0x1p-40, 3]).map { bias, step in
        bias.map { $0.indices.map { step * Float([0, -128, 127, 5][$0 % 4] + $0 / 4 + 1) } }
      }, blocks: wide.blocks, targetDigest: short, isComplete: true)
    return [
      TicketFile(ticket: plain, claims: nil),
      TicketFile(ticket: plain, claims: claims, targetFileDigest: digest),
      TicketFile(ticket: wide, claims: nil, witness: witness, search: SearchPlan()),
      TicketFile(ticket: calibrated, claims: claims, witness: witness, targetFileDigest: digest, search: plan),
      TicketFile(ticket: small, claims: nil),
      TicketFile(ticket: small, claims: claims, targetFileDigest: digest, search: plan),
      TicketFile(ticket: rounded, claims: nil),
    ]
  }

  private static func read(_ data: Data) throws -> TicketFile {
    try TicketFile(reading: ByteSource(data, name: "coded"))
  }

  @Test func everythingComesBackByteForByte() throws {
    for file in try Self.files() {
      let bytes = try file.serialized()
      let read = try Self.read(try file.packed())
      #expect(read.isIntact && read.ticket == file.ticket && read.claims == file.claims)
      #expect(read.witness == file.witness && read.search == file.search && read.generator == file.generator)
      #expect(try read.serialized() == bytes)
      let bare = try Self.read(try file.withoutClaims().packed())
      #expect(bare.isIntact && bare.ticket == file.ticket && bare.claims == nil && bare.witness == nil)
      #expect(bare.targetFileDigest == file.targetFileDigest && bare.search == file.search)
    }
  }

  @Test func filesOnDiskAreToldByTheirFirstBytes() throws {
    let folder = try TemporaryFolder()
    let file = try Self.files()[1]
    let (plain, coded) = (folder.file("t.safetensors"), folder.file("t.tombola"))
    let bytes = try file.write(to: plain, force: false)
    let codedBytes = try file.write(to: coded, force: false)
    #expect(codedBytes < bytes)
    let read = try TicketFile(contentsOf: coded)
    #expect(try read.byteCount == codedBytes && TicketFile(contentsOf: plain).byteCount == bytes)
    #expect(try TicketFile.unpacked(contentsOf: coded) == Data(contentsOf: URL(fileURLWithPath: plain)))
    #expect(try TicketFile.packed(contentsOf: plain) == Data(contentsOf: URL(fileURLWithPath: coded)))
    #expect(try TicketFile.packed(contentsOf: coded) == Data(contentsOf: URL(fileURLWithPath: coded)))
    #expect(try FileDescription(contentsOf: coded).kind == "ticket")
    #expect(try NetworkFile(contentsOf: coded).network == file.ticket.prunedNetwork())
    expectFileError(.unsupported, "coded ticket") { _ = try TicketFile.unpacked(contentsOf: plain) }
    // The same ticket in other bytes could not be given back.
    var other = try SafetensorsFile(path: plain)
    other.tensors.reverse()
    try other.serialized(layout: .given).write(to: URL(fileURLWithPath: plain))
    expectFileError(.unsupported, "give back") { _ = try TicketFile.packed(contentsOf: plain) }
    #expect(try TicketFile.packed(contentsOf: plain, withClaims: false).count < codedBytes)
  }

  /// The fixture was packed when the format was made: it reads, and its code is written the same.
  @Test func theFormatStays() throws {
    let folder = Repository.root + "/Tests/Fixtures/tickets/"
    let plain = try Data(contentsOf: URL(fileURLWithPath: folder + "without-biases.safetensors"))
    let coded = folder + "without-biases.tombola"
    #expect(try TicketFile.unpacked(contentsOf: coded) == plain)
    let file = try TicketFile(contentsOf: folder + "without-biases.safetensors")
    let fixture = try Self.read(try Data(contentsOf: URL(fileURLWithPath: coded))).withoutClaims().packed()
    #expect(try file.withoutClaims().packed() == fixture)
    let example = try Data(contentsOf: URL(fileURLWithPath: Repository.root + "/docs/coded-ticket-example.txt"))
    #expect(Array(example) == Array(TextModel.example.utf8), "the page's copy of what the model reads")
  }

  /// Each byte changed, each length cut: an error, or a file that says that it was edited, or one
  /// that says the very same.
  @Test func noDamagePassesForTheTicket() throws {
    for file in try [Self.files()[1], Self.files()[3], Self.files()[4]] {
      let coded = try file.packed()
      let bytes = try file.serialized()
      func isNoticed(_ data: Data) throws -> Bool {
        do {
          let read = try Self.read(data)
          return try !read.isIntact || read.serialized() == bytes
        } catch {
          #expect(error is FileError || error is TicketError, "\(error)")
          return true
        }
      }
      for index in coded.indices {
        for mask in [UInt8(1), 0x80, 0xff] {
          var damaged = coded
          damaged[index] ^= mask
          #expect(try isNoticed(damaged), "byte \(index)")
        }
        if index >= 4 { expectFileError(.truncated) { _ = try Self.read(coded[..<index]) } }
      }
      expectFileError(.oversized) { _ = try Self.read(coded + [0]) }
    }
    var newer = try Self.files()[0].packed()
    newer[4] = 2
    expectFileError(.unsupported, "version 1 or 3", "version 2") { _ = try Self.read(newer) }
  }

  @Test func whatCannotBeCodedSaysSo() throws {
    let file = try Self.files()[0]
    let ticket = file.ticket
    func other(_ blocks: [Block], targetDigest: String = Self.digest) throws -> TicketFile {
      TicketFile(
        ticket: try Ticket(
          seed: ticket.seed, width: ticket.width, mode: ticket.mode, inputRange: ticket.inputRange,
          graph: ticket.graph, scales: ticket.scales, blocks: blocks, targetDigest: targetDigest, isComplete: true),
        claims: nil)
    }
    expectFileError(.unsupported, "64 hexadecimal digits") { _ = try other(ticket.blocks, targetDigest: "ab").packed() }
    // A filter of the other half.
    var blocks = ticket.blocks
    var refused = 0
    for filter in 0..<120 where !ticket.blocks[0].kept.contains(UInt32(filter)) {
      blocks[0] = Block(
        address: blocks[0].address, candidates: blocks[0].candidates,
        kept: (ticket.blocks[0].kept + [UInt32(filter)]).sorted())
      do {
        let read = try Self.read(try other(blocks).packed())
        #expect(read.ticket.blocks == blocks)
      } catch {
        #expect(error is TicketError, "\(error)")
        refused += 1
      }
    }
    #expect(refused > 30, "about half of a channel's filters are of the other half")
  }

  @Test func windowsAndNamesComeBack() {
    let windows = [
      SlidingWindow(height: 3, width: 3), SlidingWindow.same(5),
      SlidingWindow(height: 1, width: 7, strideHeight: 2, strideWidth: 1),
      SlidingWindow(
        height: 2, width: 4, strideHeight: 3, strideWidth: 5, dilationHeight: 6, dilationWidth: 7,
        padding: Padding(top: 1, left: 0, bottom: 2, right: 11), roundsUp: true),
    ]
    for window in windows { #expect(SlidingWindow(codedText: window.codedText) == window, "\(window.codedText)") }
    #expect(windows[1].codedText == "5x5+2,2,2,2")
    for text in ["", "3", "3x", "x3", "3x3x3", "3x3+1", "3x3/2", "a", "3x3+1,1,1,b", "3x3^^"] {
      #expect(SlidingWindow(codedText: text) == nil, "\(text)")
    }
    for name in ["", "conv1", "a b", "ü/≤", "\"quoted\"", "tab\tline\nfeed\u{0C}nul\0", "back\\slash"] {
      let quoted = CodedField.quoted(name)
      #expect(!quoted.contains("\t") && !quoted.contains("\n") && CodedField.unquoted(quoted[...]) == name)
    }
    #expect(CodedField.unquoted("\"open") == nil)
  }

  @Test func lengthsComeBack() throws {
    for size in [0, 1, 127, 128, 16_383, 16_384, 1 << 40] {
      let bytes = VariableLength.bytes(size)
      let stream = try ByteStream(ByteSource(Data(bytes), name: "size"))
      #expect(try VariableLength.take(from: stream, "a size") == size && stream.remaining == 0)
    }
    expectFileError(.tooLarge) {
      _ = try VariableLength.take(from: ByteStream(ByteSource(Data(repeating: 255, count: 9), name: "")), "a size")
    }
  }

  /// `docs/read_coded_ticket.py`, which knows nothing of this code, reads the same.
  @Test(.enabled(if: Python.hasNumPy)) func plainPythonReadsIt() throws {
    let folder = try TemporaryFolder()
    for (number, file) in try Self.files().enumerated() {
      let path = folder.file("\(number).tombola")
      try file.write(to: path, force: false)
      let printed = try Python.run([Repository.root + "/docs/read_coded_ticket.py", path])
      let found = try JSONDecoder().decode(PythonTicket.self, from: printed)
      let ticket = file.ticket
      #expect(found.kept.count == ticket.blocks.count)
      for block in ticket.blocks { #expect(found.kept[Self.name(block.address)] == block.kept) }
      #expect(found.biases.map { $0?.map(\.bitPattern) } == ticket.biases.map { $0?.map(\.bitPattern) })
      #expect(
        found.digests == [ticket.targetDigest, ticket.calibrationDigest, file.targetFileDigest].compactMap { $0 })
      #expect(Ticket.isDigest(found.digest, of: try file.contentDigest()))
      #expect(found.digest.count == ticket.targetDigest.count)
      #expect(found.text[1].hasPrefix("\(ticket.seed) \(ticket.width) \(ticket.mode.rawValue)"))
    }
  }

  private static func name(_ address: BlockAddress) -> String {
    "layer\(address.layer).channel\(address.channel).\(address.half.rawValue)"
  }

  private struct PythonTicket: Decodable {
    let digest: String
    let text: [String]
    let digests: [String]
    let biases: [[Float]?]
    let kept: [String: [UInt32]]
  }
}
