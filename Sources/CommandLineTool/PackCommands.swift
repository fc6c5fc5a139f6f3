import ArgumentParser
import Files
import Foundation
import ModelFiles
import Verification

/// `tombola pack`: writes a ticket in its coded form.
struct PackCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Write a ticket in about as many bytes as its choice of filters takes.",
    discussion: """
      Every command that reads tickets reads the coded form too, and unpack gives the file back byte for \
      byte. Claims and the witness of the error are most of a narrow ticket; --without-claims leaves them \
      out, and verify measures them again.
      """)

  @Argument(help: "The ticket.") var ticket: String
  @Flag(help: "Leave out claims and witness; unpack then gives a ticket without them.") var withoutClaims = false
  @Option(name: .shortAndLong, help: ArgumentHelp("The coded ticket, FILE.tombola.", valueName: "FILE"))
  var output: String
  @Flag(help: "Replace an existing output.") var force = false
  @Flag(help: "Print as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    try OutputFiles.requireDistinct([.file("--output", output)], from: [.file("the ticket", ticket)])
    try AtomicFile.check(output, force: force)
    let data = try TicketFile.packed(contentsOf: ticket, withClaims: !withoutClaims)
    try AtomicFile.write(data, to: output, force: force)
    try PackReport(from: ticket, to: output).show(asJSON: json)
  }
}

/// `tombola unpack`: writes a coded ticket as the safetensors file that it was.
struct UnpackCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "unpack", abstract: "Write a coded ticket as the safetensors file that it was packed from.")

  @Argument(help: "The coded ticket.") var ticket: String
  @Option(name: .shortAndLong, help: ArgumentHelp("The ticket, FILE.safetensors.", valueName: "FILE"))
  var output: String
  @Flag(help: "Replace an existing output.") var force = false
  @Flag(help: "Print as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    try OutputFiles.requireDistinct([.file("--output", output)], from: [.file("the ticket", ticket)])
    try AtomicFile.check(output, force: force)
    let data = try TicketFile.unpacked(contentsOf: ticket)
    try AtomicFile.write(data, to: output, force: force)
    try PackReport(from: ticket, to: output).show(asJSON: json)
  }
}

/// What packing or unpacking came to; the keys are a contract.
private struct PackReport: Encodable {
  let output: String
  let bytes: Int
  let bytesBefore: Int
  let fileBitsPerWeight: Double
  let bitsPerWeight: Double

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum CodingKeys: String, CodingKey {
    case output, bytes
    case bytesBefore = "bytes_before"
    case fileBitsPerWeight = "file_bits_per_weight"
    case bitsPerWeight = "bits_per_weight"
  }

  /// - Throws: `FileError` where one of the files cannot be read again.
  init(from input: String, to output: String) throws {
    let file = try TicketFile(contentsOf: output)
    self.output = output
    bytes = file.byteCount ?? 0
    bytesBefore = try TicketFile(contentsOf: input).byteCount ?? 0
    fileBitsPerWeight = file.bitsPerWeight(ofBytes: bytes)
    bitsPerWeight = file.ticket.bits / Double(file.ticket.graph.weightCount)
  }

  func show(asJSON: Bool) throws {
    if asJSON { return try printJSON(self) }
    print(
      String(
        format: "%@: %d bytes from %d, %.2f bits per weight; counted %.2f", output, bytes, bytesBefore,
        fileBitsPerWeight, bitsPerWeight))
  }
}
