import LinearAlgebra
import RandomStreams
import RunControl
import Tickets

/// What a search reads of an input channel's filters before it makes any slice: bands and scalars.
/// The blocks of both halves share it.
struct ChannelFilters: Sendable {
  /// The channel's layer, 1…ℓ.
  let layer: Int
  /// The input channel, from 0.
  let channel: Int
  let bands: ChannelBands
  /// u of each filter.
  let scalars: [Float]

  /// Scalars that a core makes at a time.
  private static let share = 1 << 15

  /// - Parameters:
  ///   - bands: what bands there are.
  ///   - workers: cores.
  /// - Throws: `Interruption` when the run must stop.
  /// - Complexity: 2N words and 2N normals of the generator; 8N bytes of scalars, 4N of bands.
  init(
    _ network: RandomNetwork, layer: Int, channel: Int, bands: MagnitudeBands, workers: Int = 1,
    _ control: RunControl
  ) throws {
    (self.layer, self.channel) = (layer, channel)
    self.bands = try ChannelBands(network, layer: layer, channel: channel, bands: bands, workers: workers) {
      try control.checkInterruption()
    }
    let count = network.filtersPerChannel
    let shares = (count + Self.share - 1) / Self.share
    let address = WeightAddress.scalars(seed: network.seed, block: layer, channel: channel)
    scalars = try [Float](unsafeUninitializedCapacity: count) { scalars, initialized in
      nonisolated(unsafe) let scalars = scalars
      try Workers.forEach(count: shares, workers: min(workers, shares)) { share, _ in
        try control.checkInterruption()
        let range = share * Self.share..<min(count, (share + 1) * Self.share)
        NormalStream.fill(.init(rebasing: scalars[range]), at: address, startingAt: range.lowerBound)
      }
      initialized = count
    }
  }
}
