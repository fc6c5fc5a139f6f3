import Convolution
import Files
import LinearAlgebra

/// A network in an ONNX model, and what was read otherwise than it stands there.
///
/// ```swift
/// let model = try ONNXModel(contentsOf: "fashion-cnn.onnx")
/// print(model.network.outputShape, model.notes)
/// ```
///
/// Read are convolutions, dense layers, pools, means, ReLU and additions in the spellings of the
/// usual exporters, with channels first or last; what stands between them and only moves entries,
/// or computes with constants and shapes, is followed. `ONNXOperators.table` lists the operators.
public struct ONNXModel: Sendable {
  /// The network, as far as it is read.
  public let network: Network<Float>
  /// What was read otherwise than it stands in the document, a sentence each.
  public let notes: [String]
  /// Whether the document's images have channels last, (N, H, W, C).
  public let takesChannelsLast: Bool

  /// Reads the file at `path`.
  ///
  /// - Throws: `FileError` that names the file and the node.
  public init(contentsOf path: String) throws { try self.init(ONNXDocument(path: path)) }

  /// Reads a document. Nodes that do not reach the output are left out.
  ///
  /// - Throws: as `init(contentsOf:)`.
  public init(_ document: ONNXDocument) throws {
    var failure: (place: Int, error: any Error)?
    var second: ONNXModel?
    // A document does not say which axis of its input counts channels: the first way that fits
    // throughout is taken, and one whose output is an image in another order only for want of a
    // better.
    for input in try ONNXInput.readings(of: document) {
      var reader = try ONNXGraphReader(document, input)
      do {
        let network = try reader.network()
        let model = ONNXModel(
          network: try ONNXPointwiseLayers.simplified(network), notes: reader.notes + Self.notes(onTypesIn: document),
          takesChannelsLast: input.takesChannelsLast)
        guard reader.givesChannelsLast else {
          self = model
          return
        }
        second = second ?? model
      } catch {
        if reader.place > failure?.place ?? -2 { failure = (reader.place, error) }
      }
    }
    if let second {
      self = second
    } else if let failure {
      throw failure.error
    } else {
      throw ONNXInput.count(document, 0)
    }
  }

  private init(network: Network<Float>, notes: [String], takesChannelsLast: Bool) {
    self.network = network
    self.notes = notes
    self.takesChannelsLast = takesChannelsLast
  }

  private static func notes(onTypesIn document: ONNXDocument) -> [String] {
    let types = Set(document.initializers.compactMap(\.narrowType)).map { "\($0)" }.sorted()
    return types.isEmpty ? [] : ["constants of type \(types.joined(separator: ", ")) are widened to single precision"]
  }

  /// The network in an ONNX file.
  ///
  /// - Throws: as `init(contentsOf:)`.
  public static func network(fromFile path: String) throws -> Network<Float> {
    try ONNXModel(contentsOf: path).network
  }

  /// The network in a document.
  ///
  /// - Throws: as `init(contentsOf:)`.
  public static func network(from document: ONNXDocument) throws -> Network<Float> {
    try ONNXModel(document).network
  }
}
