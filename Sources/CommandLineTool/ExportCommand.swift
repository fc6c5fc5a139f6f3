import ArgumentParser
import Files
import Foundation
import ModelFiles
import Outcomes
import Tickets

/// `tombola export`: writes the network that a ticket stands for; the ticket alone suffices.
struct ExportCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the pruned network or its weights, rebuilt from the ticket alone.")

  @Argument(help: "The ticket, in either form.") var ticket: String
  @Flag(help: "The target's architecture over the summed kernels, instead of the pruned network.")
  var collapsed = false
  @Option(name: .shortAndLong, help: ArgumentHelp("FILE.onnx, FILE.safetensors or FILE.npz.", valueName: "FILE"))
  var output: String
  @Flag(help: "Replace an existing output.") var force = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    guard let format = NetworkExport.Format(path: output) else {
      throw OptionError(
        option: "--output",
        expected: NetworkExport.Format.allCases.map { "a name ending in .\($0.rawValue)" }
          .joined(separator: " or "), found: "'\(output)'")
    }
    try OutputFiles.requireDistinct([.file("--output", output)], from: [.file("the ticket", ticket)])
    try AtomicFile.check(output, force: force)
    let file = try TicketFile(contentsOf: ticket)
    try file.requireIntact()
    let network = try collapsed ? Collapse(of: file.ticket).network() : file.ticket.prunedNetwork()
    let summary = try NetworkExport.write(network, as: format, to: output, force: force)
    print("\(output): \(summary)")
  }
}
