import ArgumentParser
import Experiments
import Files
import Foundation
import ModelFiles
import Outcomes

/// `tombola info`: says what a file holds.
struct InfoCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what a ticket, network, array or image file holds.",
    discussion: """
      Of a network: who wrote it, its layers, what was read otherwise than it stands there, whether it can be pruned \
      into, and everything that keeps it from that. Exit code 0: it can be, or the file is of another kind. 1: it runs, \
      but cannot be pruned into. 2: it is not read.
      """)

  @Argument(help: "A ticket, .onnx, .safetensors, .npz, .npy or IDX file.") var file: String
  @OptionGroup var model: ModelOptions
  @Option(help: ArgumentHelp("Draw the network's layers and shapes, of a model or a ticket.", valueName: "FILE.svg"))
  var svg: String?
  @Flag(help: "With --svg: replace an existing file.") var force = false
  @Flag(help: "Print as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    if let svg {
      guard svg.lowercased().hasSuffix(".svg") else {
        throw OptionError(option: "--svg", expected: "a name that ends in .svg", found: "'\(svg)'")
      }
      try OutputFiles.requireDistinct([.file("--svg", svg)], from: [.file("FILE", file)])
      try AtomicFile.check(svg, force: force)
    }
    let description = try FileDescription(contentsOf: file, model.choices())
    if json { try printJSON(description) } else { print(description.text) }
    if let refusal = description.network?.refusal {
      complain("tombola: \(refusal)")
      return try finish(.badInput)
    }
    if let svg {
      guard let layers = description.layers else {
        throw OptionError(option: "--svg", expected: "a network or a ticket", found: description.kind)
      }
      try AtomicFile.write(Data(GraphPicture(of: layers).svg.utf8), to: svg, force: force)
    }
    try finish(description.network?.isPrunable == false ? .failed : .done)
  }
}
