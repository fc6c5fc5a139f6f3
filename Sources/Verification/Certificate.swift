import Convolution
import Tickets

/// A proved bound on how far a pruned network's outputs can be from its target's, over a whole input box.
///
/// Per channel c it carries, node by node, the largest positive and negative parts a, b of the *target's*
/// activation and the largest error e of the pruned network's. With Δ⁺ = P⁺ − K, Δ⁻ = P⁻ + K for collapsed
/// kernels P⁺, P⁻ a convolution adds to output o
///   max( Σ max(0, aΔ⁺, bΔ⁻), Σ max(0, −aΔ⁺, −bΔ⁻) ) + Σ max(|P⁺|, |P⁻|)·e,
/// sums over taps and input channels. The first term is the exact supremum for one layer (attained at a
/// pixel whose window lies inside the image); ReLU and pooling do not enlarge an error. It speaks of real
/// arithmetic; every operation here is rounded outward.
public struct Certificate: Sendable, Hashable {
  /// Bound on the error of each output channel of each layer, before the next ReLU or pooling.
  public let layerErrors: [[Double]]
  /// Bound on the network's outputs: the largest over them.
  public let outputError: Double

  /// - Parameters:
  ///   - kernels: the target's, HWIO, layer by layer.
  ///   - collapsed: the pruned network's summed kernels.
  public init(graph: LayerGraph, kernels: [[Float]], collapsed: [CollapsedLayer], inputRange: InputRange) {
    var values: [[ChannelBound]] = []
    var layerErrors: [[Double]] = []
    for (index, node) in graph.nodes.enumerated() {
      let input = node.inputs.first.map { values[$0] } ?? []
      switch node.operation {
      case .input:
        let bound = ChannelBound(
          positive: inputRange.largestPositivePart, negative: inputRange.largestNegativePart, error: 0)
        values.append([ChannelBound](repeating: bound, count: graph.inputShape.channels))
      case .rectifier: values.append(input.map { ChannelBound(positive: $0.positive, negative: 0, error: $0.error) })
      case .pooling, .globalAveragePooling: values.append(input)
      case .flatten:
        let pixels = graph.pixels(beforeNode: index)
        values.append(input.flatMap { [ChannelBound](repeating: $0, count: pixels) })
      case .convolution(let number):
        let output = Self.bounds(
          over: input, layer: graph.layers[number - 1], kernel: kernels[number - 1], collapsed: collapsed[number - 1])
        layerErrors.append(output.map(\.error))
        values.append(output)
      }
    }
    self.layerErrors = layerErrors
    outputError = values[graph.output].map(\.error).max() ?? 0
  }

  private static func bounds(
    over input: [ChannelBound], layer: LayerGraph.Layer, kernel: [Float], collapsed: CollapsedLayer
  ) -> [ChannelBound] {
    let (channels, outputs) = (layer.inputChannels, layer.outputChannels)
    return (0..<outputs).map { o in
      var target = TwoSided()
      var fresh = TwoSided()
      var carried = 0.0
      for tap in 0..<layer.window.height * layer.window.width {
        for t in 0..<channels {
          let index = (tap * channels + t) * outputs + o
          let bound = input[t]
          let weight = Double(kernel[index])
          let positive = collapsed.positive[index]
          // Without a negative half the layer never sees a negative part.
          let negative = collapsed.negative?[index] ?? -positive
          target.add(weight * bound.positive, -weight * bound.negative, slack: 0)
          fresh.add(
            (positive - weight) * bound.positive, (negative + weight) * bound.negative,
            slack: up(
              max(abs(positive), abs(weight)) * bound.positive + max(abs(negative), abs(weight)) * bound.negative)
              * 0x1p-49)
          let steepest = collapsed.negative == nil ? abs(positive) : max(abs(positive), abs(negative))
          carried = up(carried + up(up(steepest) * bound.error))
        }
      }
      return ChannelBound(
        positive: target.above, negative: target.below, error: up(max(fresh.above, fresh.below) + carried))
    }
  }
}

/// What is known of one channel of an activation.
private struct ChannelBound {
  /// The target's activation lies in −negative…positive.
  var positive: Double
  var negative: Double
  /// |pruned − target| at most.
  var error: Double
}

/// Suprema of Σ over entries that each contribute one of two exclusive terms, or nothing.
private struct TwoSided {
  var above = 0.0
  var below = 0.0

  /// `first` is reached where the input is positive, `second` where it is negative; both known to `slack`.
  mutating func add(_ first: Double, _ second: Double, slack: Double) {
    above = up(above + up(max(0, up(first), up(second)) + slack))
    below = up(below + up(max(0, up(-first), up(-second)) + slack))
  }
}

private func up(_ value: Double) -> Double { value == 0 ? 0 : value.nextUp }

extension LayerGraph {
  /// Pixels of the value that a node reads.
  fileprivate func pixels(beforeNode index: Int) -> Int {
    var shape = inputShape
    for node in path(to: nodes[index].inputs[0]) {
      switch node.operation {
      case .convolution(let number):
        if let output = try? layers[number - 1].window.outputSize(over: shape, at: node.name) {
          shape = ImageShape(
            height: output.height, width: output.width, channels: layers[number - 1].outputChannels)
        }
      case .pooling(let pooling): if let output = try? pooling.outputShape(over: shape) { shape = output }
      case .globalAveragePooling: shape = ImageShape(height: 1, width: 1, channels: shape.channels)
      case .flatten: shape = ImageShape(height: 1, width: 1, channels: shape.count)
      case .input, .rectifier: break
      }
    }
    return shape.pixels
  }

  private func path(to index: Int) -> [Node] {
    (nodes[index].inputs.first.map { path(to: $0) } ?? []) + [nodes[index]]
  }
}
