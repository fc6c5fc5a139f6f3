import Convolution
import LinearAlgebra

/// The two kernels that a layer's kept filters sum to: the layer is positive ∗ x⁺ + negative ∗ x⁻.
///
/// φ(u·x) = u⁺x⁺ + u⁻x⁻ makes this exact. Entries are HWIO, in the target's units (the layer's scale applied).
public struct CollapsedLayer: Sendable, Hashable {
  /// Σ_{u>0} u·V: approximates the target's kernel K.
  public let positive: [Double]
  /// Σ_{u<0} |u|·V: approximates −K; nil where the layer's input cannot be negative.
  public let negative: [Double]?

  public init(positive: [Double], negative: [Double]?) {
    self.positive = positive
    self.negative = negative
  }
}

extension RandomNetwork {
  /// Σ |u_q|·V_q over given filters of one channel: each product exact in Float64, summed in the given order
  /// with the rounding errors carried along (two-sum), rounded once at the end.
  ///
  /// - Parameter scalars: the channel's, from `scalars(layer:channel:)`.
  /// - Returns: height × width × output channels entries. Cost: one slice of normals per filter.
  public func collapse(
    layer: Int, channel: Int, filters: some Sequence<Int>, scalars: [Float]
  ) -> [Double] {
    let sum = SliceSum(self, layer: layer, channel: channel)
    for filter in filters { sum.add(filter, magnitude: Double(abs(scalars[filter]))) }
    return sum.rounded()
  }

  /// The kernels that *all* filters sum to: the unpruned network behind its blocked mask, collapsed.
  ///
  /// - Parameters:
  ///   - signedInputs: per layer, whether the negative half carries anything.
  ///   - scales: per layer, applied to the sums.
  ///   - workers: tasks at a time; the result does not depend on it.
  /// - Throws: what `interruption` throws, between every 2¹⁶ filters. Cost: every weight of the
  ///   network once. Memory: the sums, and a few hundred
  ///   kilobytes a worker, whatever the width.
  public func collapseUnpruned(
    signedInputs: [Bool], scales: [Double], workers: Int, interruption: @Sendable () throws -> Void = {}
  ) throws -> [CollapsedLayer] {
    let addresses = layers.indices.flatMap { layer in
      (0..<layers[layer].inputChannels).flatMap { channel in
        (signedInputs[layer] ? Half.allCases : [.positive]).map {
          BlockAddress(layer: layer + 1, channel: channel, half: $0)
        }
      }
    }
    let sums = try Workers.map(count: addresses.count, workers: workers) { task in
      let address = addresses[task]
      let sum = SliceSum(self, layer: address.layer, channel: address.channel)
      for start in stride(from: 0, to: filtersPerChannel, by: Self.share) {
        try interruption()
        let part = start..<min(filtersPerChannel, start + Self.share)
        for (scalar, filter) in zip(scalars(layer: address.layer, channel: address.channel, filters: part), part)
        where address.half.contains(scalar) {
          sum.add(filter, magnitude: Double(abs(scalar)))
        }
      }
      return sum.rounded()
    }
    return CollapsedLayer.assemble(layers: layers, addresses: addresses, sums: sums, scales: scales)
  }

  /// Filters whose scalars are made at a time.
  private static let share = 1 << 16
}

/// Σ |u_q|·V_q under way: sums with their rounding errors beside them, and room for one slice. One
/// thread's.
private final class SliceSum {
  private let network: RandomNetwork
  private let layer: Int
  private let channel: Int
  private var sums: [Double]
  private var errors: [Double]
  private var slice: [Float]

  init(_ network: RandomNetwork, layer: Int, channel: Int) {
    (self.network, self.layer, self.channel) = (network, layer, channel)
    let count = network.layers[layer - 1].sliceCount
    (sums, errors) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    slice = [Float](repeating: 0, count: count)
  }

  /// Adds `magnitude` times the slice of a filter.
  func add(_ filter: Int, magnitude: Double) {
    let count = sums.count
    slice.withUnsafeMutableBufferPointer { slice in
      sums.withUnsafeMutableBufferPointer { sums in
        errors.withUnsafeMutableBufferPointer { errors in
          network.fillSlice(slice, layer: layer, channel: channel, filter: filter)
          for index in 0..<count {
            let term = magnitude * Double(slice[index])
            let sum = sums[index]
            let next = sum + term
            let shadow = next - sum
            errors[index] += (sum - (next - shadow)) + (term - shadow)
            sums[index] = next
          }
        }
      }
    }
  }

  func rounded() -> [Double] { zip(sums, errors).map { $0 + $1 } }
}

extension CollapsedLayer {
  /// Puts the channels' sums together into kernels, HWIO.
  static func assemble(
    layers: [LayerGraph.Layer], addresses: [BlockAddress], sums: [[Double]], scales: [Double]
  ) -> [CollapsedLayer] {
    var kernels: [[Half: [Double]]] = layers.map { _ in [:] }
    for (address, sum) in zip(addresses, sums) {
      let layer = layers[address.layer - 1]
      let scale = scales[address.layer - 1]
      let outputs = layer.outputChannels
      kernels[address.layer - 1][address.half, default: [Double](repeating: 0, count: layer.weightCount)]
        .withUnsafeMutableBufferPointer { kernel in
          for (index, value) in sum.enumerated() {
            let (tap, o) = index.quotientAndRemainder(dividingBy: outputs)
            kernel[(tap * layer.inputChannels + address.channel) * outputs + o] = value * scale
          }
        }
    }
    return kernels.map { CollapsedLayer(positive: $0[.positive]!, negative: $0[.negative]) }
  }

  /// Puts the sums of one layer's blocks together.
  ///
  /// - Parameters:
  ///   - sums: height × width × output channels entries for each address, from `RandomNetwork.collapse`.
  ///   - scale: the layer's, applied to the sums.
  public static func assemble(
    _ layer: LayerGraph.Layer, addresses: [BlockAddress], sums: [[Double]], scale: Double
  ) -> CollapsedLayer {
    let first = addresses.map { BlockAddress(layer: 1, channel: $0.channel, half: $0.half) }
    return assemble(layers: [layer], addresses: first, sums: sums, scales: [scale])[0]
  }

  /// The layer as network operations: one convolution where the input cannot be negative; else a split into
  /// x⁺ and x⁻ (a grouped 1×1 convolution and ReLU) before a convolution over both. `bias` is added behind either.
  ///
  /// - Throws: `ConvolutionError` only for kernels of another size than the layer's.
  public func operations<Scalar: BLASScalar>(
    of layer: LayerGraph.Layer, bias: [Float]? = nil
  ) throws -> [(name: String, operation: Network<Scalar>.Operation)] {
    let bias = bias.map { $0.map { Scalar($0) } }
    let channels = layer.inputChannels
    guard let negative else {
      let convolution = try Convolution(
        window: layer.window, inputChannels: channels, outputChannels: layer.outputChannels,
        kernel: positive.map { Scalar($0) }, bias: bias)
      return [(layer.name, .convolution(convolution))]
    }
    let split = try BlockedPointwise<Scalar>(
      inputChannels: channels, sources: (0..<2 * channels).map { $0 / 2 },
      scalars: (0..<2 * channels).map { $0 % 2 == 0 ? 1 : -1 })
    var kernel: [Scalar] = []
    kernel.reserveCapacity(2 * positive.count)
    let outputs = layer.outputChannels
    for start in stride(from: 0, to: positive.count, by: outputs) {
      kernel += positive[start..<start + outputs].map { Scalar($0) }
      kernel += negative[start..<start + outputs].map { Scalar($0) }
    }
    let convolution = try Convolution(
      window: layer.window, inputChannels: 2 * channels, outputChannels: outputs, kernel: kernel, bias: bias)
    return [
      (layer.name + ".split", .blockedPointwise(split)), (layer.name + ".signs", .rectifier),
      (layer.name, .convolution(convolution)),
    ]
  }
}
