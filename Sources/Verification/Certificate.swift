import Convolution
import Tickets

/// A proved bound on how far a pruned network's outputs can be from its target's, over a whole
/// input box.
///
/// Per channel c it carries, node by node, the largest positive and negative parts a, b of the
/// *target's* activation and the largest error e of the pruned network's. With Δ⁺ = P⁺ − K, Δ⁻ = P⁻
/// + K for collapsed kernels P⁺, P⁻ a convolution adds to output o max( Σ max(0, aΔ⁺, bΔ⁻), Σ
/// max(0, −aΔ⁺, −bΔ⁻) ) + Σ max(|P⁺|, |P⁻|)·e, sums over taps and input channels. A bias moves a
/// and b; the ticket's own, where it is another one, moves the two sums apart. Where two values are
/// added, all three add.
/// The first term is the exact supremum for one layer (attained at a pixel whose window lies inside
/// the image); ReLU and pooling do not enlarge an error. It speaks of real arithmetic; every
/// operation here is rounded outward.
public struct Certificate: Sendable, Hashable {
  /// Bound on the error of each output channel of each layer, before the next ReLU or pooling.
  public let layerErrors: [[Double]]
  /// Bound on the error of each of the network's outputs.
  public let outputErrors: [Double]
  /// The largest of them.
  public var outputError: Double { outputErrors.max() ?? 0 }

  /// `outputError`, or nil where a bound on the way to it is beyond Float64.
  var finiteOutputError: Double? {
    guard layerErrors.joined().allSatisfy(\.isFinite), outputErrors.allSatisfy(\.isFinite) else {
      return nil
    }
    return outputError
  }

  /// The certificate of a pruned network.
  ///
  /// - Parameters:
  ///   - collapsed: the pruned network's layers, in the target's order and shapes.
  ///   - target: what they stand for.
  ///   - biases: the pruned network's; nil for the target's.
  ///   - inputRange: the box that every entry of an input comes from.
  /// - Complexity: a pass over the weights.
  public init(
    of collapsed: [CollapsedLayer], _ target: Target, biases: [[Float]?]? = nil, inputRange: InputRange
  ) {
    let graph = target.graph
    var values: [[ChannelBound]] = []
    var layerErrors: [[Double]] = []
    for (index, node) in graph.nodes.enumerated() {
      switch node.operation {
      case .input:
        let bound = ChannelBound(
          positive: inputRange.largestPositivePart, negative: inputRange.largestNegativePart, error: 0)
        values.append([ChannelBound](repeating: bound, count: graph.inputShape.channels))
      case .plain(let layer):
        let inputs = node.inputs.map { values[$0] }
        values.append(
          ChannelBound.behind(layer.rules, inputs, channels: graph.shapes[index].channels))
      case .convolution(let layer):
        let output = Self.bounds(
          over: values[node.inputs[0]], kernel: target.kernels[layer.number - 1],
          bias: target.biases[layer.number - 1], own: (biases ?? target.biases)[layer.number - 1],
          collapsed: collapsed[layer.number - 1])
        layerErrors.append(output.map(\.error))
        values.append(output)
      }
    }
    self.layerErrors = layerErrors
    let last = graph.shapes[graph.output]
    outputErrors = (0..<last.pixels).flatMap { _ in values[graph.output].map(\.error) }
  }

  private static func bounds(
    over input: [ChannelBound], kernel: Kernel<Float>, bias: [Float]?, own: [Float]?,
    collapsed: CollapsedLayer
  ) -> [ChannelBound] {
    let layer = kernel.layer
    let (channels, outputs) = (layer.inputChannels, layer.outputChannels)
    let (kernel, sums) = (kernel.values, collapsed.positive.values)
    let negativeSums = collapsed.negative?.values
    return (0..<outputs).map { o in
      var target = TwoSided()
      var fresh = TwoSided()
      var carried = 0.0
      for tap in 0..<layer.taps {
        for t in 0..<channels {
          let index = (tap * channels + t) * outputs + o
          let bound = input[t]
          let weight = Double(kernel[index])
          let positive = sums[index]
          // Without a negative half the layer never sees a negative part.
          let negative = negativeSums?[index] ?? -positive
          target.add(weight * bound.positive, -weight * bound.negative, slack: 0)
          fresh.add(
            (positive - weight) * bound.positive, (negative + weight) * bound.negative,
            slack: up(
              max(abs(positive), abs(weight)) * bound.positive + max(abs(negative), abs(weight)) * bound.negative)
              * 0x1p-49)
          let steepest = negativeSums == nil ? abs(positive) : max(abs(positive), abs(negative))
          carried = up(carried + up(up(steepest) * bound.error))
        }
      }
      let shift = Double(bias?[o] ?? 0)
      let ownShift = Double(own?[o] ?? 0)
      let apart =
        ownShift == shift
        ? max(fresh.above, fresh.below)
        : max(up(up(fresh.above + ownShift) - shift), up(up(fresh.below + shift) - ownShift))
      return ChannelBound(
        positive: max(0, up(target.above + shift)), negative: max(0, up(target.below - shift)),
        error: up(apart + carried))
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

  /// What is known of a layer's value, given what is known of what it reads.
  ///
  /// - Parameter channels: of the value.
  static func behind(
    _ rules: any PlainLayerRules, _ inputs: [[ChannelBound]], channels: Int
  ) -> [ChannelBound] {
    return (0..<channels).map { index in
      let steepness = rules.steepness(ofChannel: index)
      let bounds = inputs.map { input -> ChannelBound in
        guard let source = rules.source(ofChannel: index, of: channels, over: input.count) else {
          return ChannelBound(positive: 0, negative: 0, error: 0)
        }
        let bound = input[source]
        let parts = rules.bounds(ofChannel: index, positive: bound.positive, negative: bound.negative)
        return ChannelBound(
          positive: parts.positive, negative: parts.negative,
          error: steepness == 1 ? bound.error : up(steepness * bound.error))
      }
      return bounds.dropFirst().reduce(bounds[0]) { $0.adding($1) }
    }
  }

  /// The bound of a sum of two values.
  func adding(_ other: ChannelBound) -> ChannelBound {
    ChannelBound(
      positive: up(positive + other.positive), negative: up(negative + other.negative), error: up(error + other.error))
  }
}

/// Suprema of Σ over entries that each contribute one of two exclusive terms, or nothing.
private struct TwoSided {
  var above = 0.0
  var below = 0.0

  /// `first` is reached where the input is positive, `second` where it is negative; both known to
  /// `slack`.
  mutating func add(_ first: Double, _ second: Double, slack: Double) {
    above = up(above + up(max(0, up(first), up(second)) + slack))
    below = up(below + up(max(0, up(-first), up(-second)) + slack))
  }
}

private func up(_ value: Double) -> Double { value == 0 ? 0 : value.nextUp }
