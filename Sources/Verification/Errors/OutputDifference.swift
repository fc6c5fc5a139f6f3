import Convolution
import LinearAlgebra
import Tickets

/// How far a pruned network's outputs are from its target's at one input.
///
/// Both run in Float64 by the slow reference, in one fixed order, the pruned one as its exact
/// collapse: the figure is the same on every machine.
public struct OutputDifference: Sendable {
  /// In the target's architecture.
  let target: Network<Double>
  /// The target's architecture over the collapsed kernels, x⁺ and x⁻ apart where a layer's input is
  /// signed.
  let pruned: Network<Double>
  /// What roundings can make of a difference at most, over the whole input box.
  public let roundingError: Double

  /// - Parameters: as `Certificate`'s.
  /// - Throws: `ConvolutionError` only for layers that are not the target's.
  public init(
    of collapsed: [CollapsedLayer], _ target: Target, biases: [[Float]?]? = nil, inputRange: InputRange
  ) throws {
    let wanted: Network<Double> = try target.graph.network { layer in
      let convolution = try Convolution(
        window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
        kernel: target.kernels[layer.number - 1].values.map { Double($0) },
        bias: target.biases[layer.number - 1].map { $0.map { Double($0) } })
      return [(layer.name, .convolution(convolution))]
    }
    let pruned: Network<Double> = try target.graph.network(of: collapsed, biases: biases ?? target.biases)
    self.target = wanted
    self.pruned = pruned
    // Collapsed kernels are themselves rounded, after a compensated sum.
    let roundings = [wanted, pruned].map {
      Roundings(of: $0, inputs: inputRange.largestMagnitude).error(4)
    }
    roundingError = (roundings[0] + roundings[1]) * (1 + 0x1p-40)
  }

  /// The largest |pruned − target| over the outputs, as computed: within `roundingError` of the
  /// exact one.
  ///
  /// - Parameter image: one image inside the input box.
  /// - Throws: `ConvolutionError` for an image of another shape, and for outputs that are not
  ///   finite. Cost: two passes of plain loops.
  public func error(at image: Tensor<Float>) throws -> Double {
    let image = image.converted(to: Double.self)
    func outputs(_ network: Network<Double>, _ name: String) throws -> [Double] {
      let values = try network.evaluatedDirectly(image).values
      if let wrong = values.firstIndex(where: { !$0.isFinite }) {
        throw ConvolutionError.notFinite(
          at: "outputs of the \(name) at an input of the box", index: wrong)
      }
      return values
    }
    return Self.largest(try outputs(target, "target"), try outputs(pruned, "pruned network"))
  }

  static func largest<Scalar: BinaryFloatingPoint>(_ first: some Sequence<Scalar>, _ second: some Sequence<Scalar>)
    -> Scalar
  {
    zip(first, second).reduce(0) { max($0, abs($1.1 - $1.0)) }
  }
}

/// A bound on what Float64 roundings do to a network's outputs: with magnitudes at most m and at
/// most n roundings on the way from any input or weight to an output, γ_n·m, γ_n = n·u / (1 − n·u),
/// u = 2⁻⁵³ (Higham, Accuracy and Stability of Numerical Algorithms, §3.1).
private struct Roundings {
  /// Largest magnitude of any output, all products and summands taken absolutely.
  private(set) var magnitude = 0.0
  private(set) var count = 0

  private struct Bound {
    /// By channel.
    let magnitudes: [Double]
    let count: Int

    init(_ magnitudes: [Double], _ count: Int) {
      self.magnitudes = magnitudes
      self.count = count
    }
  }

  init(of network: Network<Double>, inputs: Double) {
    var values: [Bound] = []
    for (index, node) in network.nodes.enumerated() {
      let input = node.inputs.first.map { values[$0] } ?? Bound([], 0)
      switch node.operation {
      case .input:
        let magnitudes = [Double](repeating: inputs, count: network.inputShape.channels)
        values.append(Bound(magnitudes, 0))
      case .plain(let layer):
        let (rules, shape) = (layer.rules, network.shapes[node.inputs[0]])
        let read = node.inputs.map { values[$0] }
        let channels = network.shapes[index].channels
        let magnitudes = (0..<channels).map { c in
          guard let source = rules.source(ofChannel: c, of: channels, over: shape.channels) else { return 0.0 }
          return read.reduce(rules.shift(ofChannel: c).magnitude) {
            $0 + rules.steepness(ofChannel: c) * $1.magnitudes[source]
          }
        }
        let roundings = read.map(\.count).max() ?? 0
        values.append(Bound(magnitudes, roundings + rules.roundings(over: shape)))
      case .blockedPointwise(let layer):
        values.append(
          Bound(zip(layer.sources, layer.scalars).map { abs($1) * input.magnitudes[$0] }, input.count + 1))
      case .convolution(let layer):
        var sums = (layer.bias ?? [Double](repeating: 0, count: layer.outputChannels)).map { abs($0) }
        let perGroup = layer.inputChannels / layer.groups
        for (index, weight) in layer.kernel.enumerated() {
          let (row, o) = index.quotientAndRemainder(dividingBy: layer.outputChannels)
          let group = o / (layer.outputChannels / layer.groups)
          sums[o] += abs(weight) * input.magnitudes[group * perGroup + row % max(1, perGroup)]
        }
        values.append(Bound(sums, input.count + layer.taps + 2))
      }
      if index == network.output { (magnitude, count) = (values[index].magnitudes.max() ?? 0, values[index].count) }
    }
  }

  /// - Parameter more: further roundings.
  func error(_ more: Int) -> Double {
    let roundings = Double(count + more) * 0x1p-53
    return roundings / (1 - roundings) * magnitude
  }
}
