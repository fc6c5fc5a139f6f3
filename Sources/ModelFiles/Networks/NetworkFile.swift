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
  /// Whether the file's images have channels last, (N, H, W, C).
  private let takesChannelsLast: Bool

  /// Reads the file at `path`: a ticket by its first bytes, an ONNX model otherwise.
  ///
  /// - Throws: `FileError`, or `TicketError` for a ticket that contradicts itself.
  public init(contentsOf path: String) throws {
    let source = try ByteSource(path: path)
    let start = [UInt8](try source.bytes(0..<min(9, source.count)))
    guard CodedTicketFile.isStart(start) || start.count == 9 && start[8] == 0x7B else {
      let model = try ONNXModel(contentsOf: path)
      (network, notes, takesChannelsLast) = (model.network, model.notes, model.takesChannelsLast)
      return
    }
    let file = try TicketFile(contentsOf: path)
    try file.requireIntact()
    network = try file.ticket.prunedNetwork()
    notes = []
    takesChannelsLast = false
  }

  /// Images in the order that the network reads, of which an array of the file's own order may have
  /// been taken for (N, C, H, W).
  ///
  /// - Throws: `ConvolutionError` for counts that do not fit.
  public func arranged(_ images: Tensor<Float>) throws -> Tensor<Float> {
    let (given, shape) = (images.shape, network.inputShape)
    guard takesChannelsLast, given != shape,
      (given.channels, given.height, given.width) == (shape.height, shape.width, shape.channels)
    else { return images }
    // What was taken for channels are rows, for rows columns, and for columns channels.
    return try Tensor(batch: images.batch, shape: shape, values: images.flattenedChannelsFirst().values)
  }
}
