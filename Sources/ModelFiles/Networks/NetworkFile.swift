import Convolution
import Files
import LinearAlgebra
import Tickets

/// A network from a file that describes one: an ONNX model, a slim export among them, or a ticket.
public struct NetworkFile: Sendable {
  public let network: Network<Float>
  /// What a reader should know of the network beside the file, a sentence each.
  public let notes: [String]

  /// Reads the file at `path`: a ticket by its first bytes, an ONNX model otherwise.
  ///
  /// - Throws: `FileError`, or `TicketError` for a ticket that contradicts itself.
  public init(contentsOf path: String) throws {
    let source = try ByteSource(path: path)
    let start = [UInt8](try source.bytes(0..<min(9, source.count)))
    guard start.count == 9, start[8] == 0x7B else {
      let model = try ONNXModel(contentsOf: path)
      (network, notes) = (model.network, model.notes)
      return
    }
    let file = try TicketFile(contentsOf: path)
    try file.requireIntact()
    network = try file.ticket.prunedNetwork()
    notes = []
  }
}
