import Convolution
import Files
import LinearAlgebra
import Tickets

/// A network from a file that describes one: an ONNX model, a slim export among them, or a ticket.
public struct NetworkFile: Sendable {
  /// The network, ready to run.
  public let network: Network<Float>
  /// What a reader should know of the network beside the file, a sentence each.
  public let notes: [String]
  /// The model that the network is of; nil for a ticket.
  private let model: ONNXModel?

  /// Reads the file at `path`: a ticket by its first bytes, an ONNX model otherwise.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - options: what to take where a model leaves a choice.
  /// - Throws: `FileError`, or `TicketError` for a ticket that contradicts itself.
  public init(contentsOf path: String, _ options: ONNXReadingOptions = ONNXReadingOptions()) throws {
    let source = try ByteSource(path: path)
    let start = [UInt8](try source.bytes(0..<min(9, source.count)))
    guard CodedTicketFile.isStart(start) || start.count == 9 && start[8] == 0x7B else {
      let model = try ONNXModel(contentsOf: path, options)
      (network, notes, self.model) = (model.network, model.notes, model)
      return
    }
    let file = try TicketFile(contentsOf: path)
    try file.requireIntact()
    network = try file.ticket.prunedNetwork()
    notes = []
    model = nil
  }

  /// Images in the order that the network reads, of an array in the file's own.
  ///
  /// - Throws: `ConvolutionError` for counts that do not fit.
  public func arranged(_ images: ImageSet) throws -> ImageSet { try model?.arranged(images) ?? images }
}
