import Convolution
import Files

/// What a document leaves open, chosen by who reads it.
///
/// ```swift
/// var options = ONNXReadingOptions()
/// options.inputShape = [3, 224, 224]
/// let model = try ONNXModel(contentsOf: "net.onnx", options)
/// ```
public struct ONNXReadingOptions: Sendable, Equatable {
  /// The value that the network gives: an output, or the value of any node; nil for the one output.
  public var outputName: String?
  /// The input's sizes behind the batch, in the document's order; nil for those of the document.
  public var inputShape: [Int]?
  /// Sizes behind the batch to take, the first that fits, where the document leaves some open.
  public var openShapes: [[Int]] = []

  /// Nothing chosen.
  public init() {}

  /// What is chosen, and for open sizes those of a network's input, channels first or last.
  public func falling(backOn shape: ImageShape) -> ONNXReadingOptions {
    var options = self
    let channelsFirst = [shape.channels, shape.height, shape.width]
    options.openShapes += [
      channelsFirst, [shape.height, shape.width, shape.channels], [shape.channels, shape.width], [shape.count],
    ]
    return options
  }
}

extension ONNXDocument {
  /// The document with the one output and the input sizes that were chosen.
  ///
  /// - Throws: `FileError` for a name that no value has, or sizes that contradict the document's.
  func choosing(_ options: ONNXReadingOptions) throws(FileError) -> ONNXDocument {
    var document = self
    if let name = options.outputName {
      if let output = outputs.first(where: { $0.name == name }) {
        document.outputs = [output]
      } else if let node = nodes.first(where: { $0.outputs.contains(name) || $0.name == name && !$0.outputs.isEmpty }) {
        let value = node.outputs.contains(name) ? name : node.outputs[0]
        document.outputs = [ONNXValue(name: value, shape: nil)]
      } else {
        let names = outputs.prefix(8).map { FileError.quoted($0.name) }.joined(separator: " ")
        throw FileError(
          .missing, source: source, at: [.key("graph output")],
          expected: "--output-name of an output (\(names)) or of a node", found: FileError.quoted(name))
      }
    }
    let constants = Set(initializers.map(\.name))
    for (place, input) in inputs.enumerated() where !constants.contains(input.name) {
      if let sizes = options.inputShape {
        guard let shape = input.shape(closedBy: sizes) else {
          throw FileError(
            .unsupported, source: source, at: [.key("graph input")],
            expected: "--input-shape with sizes behind the batch that fit \(ONNXInput.text(input.shape))",
            found: sizes.map { "\($0)" }.joined(separator: ","))
        }
        document.inputs[place].shape = shape
      } else if input.hasOpenSizes {
        for sizes in options.openShapes {
          guard let shape = input.shape(closedBy: sizes) else { continue }
          document.inputs[place].shape = shape
          break
        }
      }
    }
    return document
  }
}

extension ONNXValue {
  /// Whether sizes behind the batch are open.
  var hasOpenSizes: Bool {
    shape?.dropFirst().contains { if case .fixed = $0 { false } else { true } } ?? true
  }

  /// The shape with sizes behind the batch put in; nil where they contradict those that are there.
  func shape(closedBy sizes: [Int]) -> [ONNXDimension]? {
    guard !sizes.isEmpty, sizes.allSatisfy({ $0 > 0 }) else { return nil }
    guard let shape, !shape.isEmpty else { return [.unknown] + sizes.map { .fixed($0) } }
    // The batch may be among the sizes.
    let behind = sizes.count == shape.count ? Array(sizes.dropFirst()) : sizes
    guard behind.count == shape.count - 1 else { return nil }
    for (own, size) in zip(shape.dropFirst(), behind) {
      if case .fixed(let fixed) = own, fixed != size { return nil }
    }
    return [shape[0]] + behind.map { .fixed($0) }
  }
}
