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

  /// How the document's input lies over the network's.
  private let inputLayout: ONNXLayout

  /// Reads the file at `path`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - options: what to take where the document leaves a choice.
  /// - Throws: `FileError` that names the file and the node.
  public init(contentsOf path: String, _ options: ONNXReadingOptions = ONNXReadingOptions()) throws {
    try self.init(ONNXDocument(path: path), options)
  }

  /// Reads a document. Nodes that do not reach the output are left out.
  ///
  /// - Parameters:
  ///   - document: the model.
  ///   - options: what to take where the document leaves a choice.
  /// - Throws: as `init(contentsOf:_:)`.
  public init(_ document: ONNXDocument, _ options: ONNXReadingOptions = ONNXReadingOptions()) throws {
    let document = try document.withFunctionsInlined().choosing(options)
    if document.outputs.count > 1 {
      self = try Self.reading(oneOutputOf: document)
      return
    }
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
          takesChannelsLast: input.takesChannelsLast, inputLayout: input.layout)
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

  private init(network: Network<Float>, notes: [String], takesChannelsLast: Bool, inputLayout: ONNXLayout) {
    self.network = network
    self.notes = notes
    self.takesChannelsLast = takesChannelsLast
    self.inputLayout = inputLayout
  }

  /// Images in the order that the network reads, of an array in the document's own order, (N, H, W,
  /// C) say, that was taken for (N, C, H, W).
  ///
  /// - Throws: `ConvolutionError` for counts that do not fit.
  public func arranged(_ images: Tensor<Float>) throws -> Tensor<Float> {
    let (given, shape) = (images.shape, network.inputShape)
    let sizes = inputLayout.sizes(in: shape).filter { $0 > 1 }
    // Sizes that fit both ways are the document's.
    guard [given.channels, given.height, given.width].filter({ $0 > 1 }) == sizes else { return images }
    var steps: [ONNXLayout.Axis: Int] = [:]
    var step = 1
    for axis in inputLayout.dimensions.joined().reversed() {
      steps[axis] = step
      step *= axis.size(in: shape)
    }
    let axes: [ONNXLayout.Axis] = [.row, .column, .channel]
    let places = ONNXArray.indices(axes.map { $0.size(in: shape) }, strides: axes.map { steps[$0] ?? 0 })
    let values = images.flattenedChannelsFirst().values
    return try Tensor(
      batch: images.batch, shape: shape,
      values: (0..<images.batch).flatMap { image in places.map { values[image * shape.count + $0] } })
  }

  /// A set of images in the order that the network reads, its labels as they are.
  ///
  /// - Throws: as `arranged(_:)` of a tensor.
  public func arranged(_ set: ImageSet) throws -> ImageSet {
    try ImageSet(name: set.name, images: arranged(set.images), labels: set.labels)
  }

  /// The network behind the one output that is read, of several.
  ///
  /// - Throws: `FileError` with the outputs' names where none or more than one is.
  private static func reading(oneOutputOf document: ONNXDocument) throws -> ONNXModel {
    var found: (model: ONNXModel, name: String)?
    for output in document.outputs.prefix(8) {
      var part = document
      part.outputs = [output]
      guard let model = try? ONNXModel(part) else { continue }
      guard found == nil else { throw ONNXInput.count(document, 1) }
      found = (model, output.name)
    }
    guard let (model, name) = found else { throw ONNXInput.count(document, 1) }
    let note = "of \(document.outputs.count) outputs \(FileError.quoted(name)) is taken, the one that is read"
    return ONNXModel(
      network: model.network, notes: [note] + model.notes, takesChannelsLast: model.takesChannelsLast,
      inputLayout: model.inputLayout)
  }

  private static func notes(onTypesIn document: ONNXDocument) -> [String] {
    let types = Set(document.initializers.compactMap(\.narrowType)).map { "\($0)" }.sorted()
    return types.isEmpty ? [] : ["constants of type \(types.joined(separator: ", ")) are widened to single precision"]
  }

  /// The network in an ONNX file.
  ///
  /// - Throws: as `init(contentsOf:_:)`.
  public static func network(fromFile path: String) throws -> Network<Float> {
    try ONNXModel(contentsOf: path).network
  }

  /// The network in a document.
  ///
  /// - Throws: as `init(contentsOf:_:)`.
  public static func network(from document: ONNXDocument) throws -> Network<Float> {
    try ONNXModel(document).network
  }
}
