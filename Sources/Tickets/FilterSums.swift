import Convolution
import LinearAlgebra

extension RandomNetwork {
  /// Σ |u_q|·V_q over given filters of one channel: each product exact in Float64, summed in the
  /// given order with the rounding errors carried along (two-sum), rounded once at the end.
  ///
  /// - Parameters:
  ///   - layer: 1…ℓ.
  ///   - channel: an input channel, from 0.
  ///   - filters: numbers q of its filters, 0 … 2N−1, in the order of the sum.
  /// - Returns: height × width × output channels entries.
  /// - Complexity: a scalar and a slice of normals per filter.
  public func collapse(layer: Int, channel: Int, filters: some Sequence<Int>) -> [Double] {
    let sum = SliceSum(self, layer: layer, channel: channel)
    for filter in filters {
      sum.add(filter, magnitude: Double(abs(scalar(layer: layer, channel: channel, filter: filter))))
    }
    return sum.rounded()
  }

  /// The kernels that *all* filters sum to: the unpruned network behind its blocked mask,
  /// collapsed.
  ///
  /// - Parameters:
  ///   - signedInputs: per layer, whether the negative half carries anything.
  ///   - scales: per layer, applied to the sums.
  ///   - workers: tasks at a time; the result does not depend on it.
  ///   - interruption: called every 2¹⁶ filters, from any thread; what it throws ends the work.
  /// - Throws: what `interruption` throws.
  /// - Complexity: every weight of the network once. Memory: the sums, and a few hundred kilobytes
  ///   a worker, whatever the width.
  public func collapseUnpruned(
    signedInputs: [Bool], scales: [Double], workers: Int, interruption: @Sendable () throws -> Void = {}
  ) throws -> [CollapsedLayer] {
    let addresses = BlockAddress.all(of: layers, signedInputs: signedInputs)
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
