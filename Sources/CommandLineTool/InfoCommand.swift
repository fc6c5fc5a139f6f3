import ArgumentParser
import Foundation
import ModelFiles

/// `tombola info`: says what a file holds.
struct InfoCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what a ticket, network, array or image file holds.")

  @Argument(help: "A ticket, .onnx, .safetensors, .npz, .npy or IDX file.") var file: String
  @Flag(help: "Print as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let description = try FileDescription(contentsOf: file)
    if json { try printJSON(description) } else { print(description.text) }
  }
}
