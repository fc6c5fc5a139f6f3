import Convolution
import LinearAlgebra
import RandomStreams
import RunControl
import Tickets

/// What an error in a layer's output does to the network's outputs: by how much of their squares
/// these move, for each part of its own squares that the layer's output moves by.
///
/// Measured on calibration images with kernels moved by small random numbers, one layer at a time;
/// 1 for each layer where there are no images.
struct LayerWeights {
  let values: [Double]

  /// Images that are looked at, and how far a kernel is moved, as a part of its root mean square.
  private static let (images, part) = (128, 0.1)

  /// - Throws: `Interruption` when the run must stop.
  /// - Complexity: two forward passes a layer.
  init(_ setting: SearchSetting, _ control: RunControl) throws {
    guard let images = setting.images?.images else {
      values = setting.graph.layers.map { _ in 1 }
      return
    }
    let some = images.images(0..<min(images.batch, Self.images))
    let (graph, target) = (setting.graph, setting.target)
    func network(upTo node: Int?, moving moved: Int?) throws -> Network<Float> {
      try graph.network(upTo: node) { layer in
        var kernel = target.kernels[layer.number - 1].values
        if layer.number == moved {
          let root = (target.kernels[layer.number - 1].squares / Double(max(1, kernel.count))).squareRoot()
          let address = StreamAddress(seed: 0, path: StreamPath(filter: UInt64(layer.number), channel: 6))
          for k in kernel.indices {
            kernel[k] += Float(Self.part * root * NormalStream.value(at: address, entry: k))
          }
        }
        // Without its own bias: what is compared is what the kernel gives.
        let bias = node.map { $0 == graph.node(ofLayer: layer.number) } == true ? nil : target.biases[layer.number - 1]
        let convolution = try Convolution(
          window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
          kernel: kernel, bias: bias)
        return [(layer.name, .convolution(convolution))]
      }
    }
    let outputs = try BLASLibrary.withThreads(1) { try network(upTo: nil, moving: nil)(some) }
    values = try graph.layers.map { layer in
      try control.checkInterruption()
      return try BLASLibrary.withThreads(1) {
        let node = graph.node(ofLayer: layer.number)
        let moved = try network(upTo: nil, moving: layer.number)(some)
        let own = try network(upTo: node, moving: nil)(some)
        let ownMoved = try network(upTo: node, moving: layer.number)(some)
        let there = Self.part(outputs.values, moved.values, batch: some.batch)
        let here = Self.part(own.values, ownMoved.values, batch: nil)
        let ratio = there / here
        return here > 0 && ratio > 0 && ratio.isFinite ? ratio : 1
      }
    }
  }

  /// Σ(difference²) ÷ Σ(value²), less each image's mean where there is a number of images.
  private static func part(_ values: [Float], _ others: [Float], batch: Int?) -> Double {
    let length = batch.map { max(1, values.count / max(1, $0)) }
    var (moved, all) = (0.0, 0.0)
    for start in stride(from: 0, to: values.count, by: length ?? max(1, values.count)) {
      let image = start..<min(values.count, start + (length ?? values.count))
      var (mean, meanMoved) = (0.0, 0.0)
      if length != nil {
        for k in image {
          mean += Double(values[k]) / Double(image.count)
          meanMoved += (Double(others[k]) - Double(values[k])) / Double(image.count)
        }
      }
      for k in image {
        let (value, move) = (Double(values[k]) - mean, Double(others[k]) - Double(values[k]) - meanMoved)
        moved += move * move
        all += value * value
      }
    }
    return all > 0 ? moved / all : 0
  }
}
