import Files
import LinearAlgebra
import Convolution
import Foundation

/// Writes a network for other tools: as an ONNX model, or its weights alone.
///
/// Convolutions are `<node>.weight` in OIHW, as PyTorch has them. A blocked 1×1 layer is
/// `<node>.weight` of shape (hidden, 1, 1, 1), a depthwise convolution behind a gather of
/// `<node>.sources` (int64). A map per channel is a depthwise `<node>.weight` and `<node>.bias`, a
/// selection of channels `<node>.sources`, those of zeros one past the last.
public enum NetworkExport {
  /// What a network can be written as.
  public enum Format: String, CaseIterable, Sendable {
    case onnx
    case safetensors
    case npz

    /// The format that a path's ending names.
    public init?(path: String) {
      self.init(rawValue: (path as NSString).pathExtension.lowercased())
    }
  }

  /// Writes the network (`onnx`) or its weights.
  ///
  /// - Returns: what was written, in a few words.
  /// - Throws: `FileError`.
  public static func write(
    _ network: Network<Float>, as format: Format, to path: String, force: Bool
  ) throws -> String {
    let tensors = try tensors(of: network)
    let data: Data
    switch format {
    case .onnx: data = try ONNXModel.document(of: network, name: "tombola").serialized()
    case .safetensors:
      data = try SafetensorsFile(
        metadata: ["format": "pt"],
        tensors: try tensors.map { tensor in
          switch tensor.values {
          case .float32(let values):
            try SafetensorsTensor(name: tensor.name, shape: tensor.shape, floats: values)
          case .int64(let values):
            try SafetensorsTensor(name: tensor.name, shape: tensor.shape, int64s: values)
          default: preconditionFailure("exports hold float32 and int64 alone")
          }
        }
      ).serialized()
    case .npz:
      data = try NumPyArchive(
        entries: try tensors.map { tensor in
          switch tensor.values {
          case .float32(let values):
            NumPyArchive.Entry(name: tensor.name, array: try NumPyArray(shape: tensor.shape, floats: values))
          case .int64(let values):
            NumPyArchive.Entry(name: tensor.name, array: try NumPyArray(shape: tensor.shape, int64s: values))
          default: preconditionFailure("exports hold float32 and int64 alone")
          }
        }
      ).serialized()
    }
    try AtomicFile.write(data, to: path, force: force)
    let numbers = tensors.reduce(0) { $0 + $1.values.count }
    return "\(tensors.count) tensors, \(numbers) numbers, \(data.count) bytes"
  }

  static func tensors(of network: Network<Float>) throws -> [ONNXTensor] {
    var tensors: [ONNXTensor] = []
    for node in network.nodes {
      switch node.operation {
      case .convolution(let layer):
        let perGroup = layer.inputChannels / layer.groups
        let taps = layer.window.height * layer.window.width
        var kernel = [Float](repeating: 0, count: layer.kernel.count)
        for tap in 0..<taps {
          for c in 0..<perGroup {
            for o in 0..<layer.outputChannels {
              kernel[(o * perGroup + c) * taps + tap] = layer.kernel[(tap * perGroup + c) * layer.outputChannels + o]
            }
          }
        }
        tensors.append(
          try ONNXTensor(
            name: node.name + ".weight",
            shape: [layer.outputChannels, perGroup, layer.window.height, layer.window.width],
            values: .float32(kernel)))
        if let bias = layer.bias {
          tensors.append(try ONNXTensor(name: node.name + ".bias", shape: [bias.count], values: .float32(bias)))
        }
      case .blockedPointwise(let layer):
        tensors.append(
          try ONNXTensor(
            name: node.name + ".weight", shape: [layer.scalars.count, 1, 1, 1], values: .float32(layer.scalars)))
        tensors.append(
          try ONNXTensor(
            name: node.name + ".sources", shape: [layer.sources.count],
            values: .int64(layer.sources.map { Int64($0) })))
      case .plain(.channelMap(let layer)):
        let count = layer.factors.count
        tensors += [
          try ONNXTensor(name: node.name + ".weight", shape: [count, 1, 1, 1], values: .float32(layer.factors)),
          try ONNXTensor(name: node.name + ".bias", shape: [count], values: .float32(layer.shifts)),
        ]
      case .plain(.channelSelection(let layer)):
        // Channels of zeros are those one past the last.
        let sources = layer.sources.map { Int64($0 ?? layer.inputChannels) }
        tensors.append(
          try ONNXTensor(name: node.name + ".sources", shape: [sources.count], values: .int64(sources)))
      case .input, .plain: break
      }
    }
    return tensors
  }
}
