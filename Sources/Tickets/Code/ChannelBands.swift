import RandomStreams

/// The filters of an input channel by half and band of |u|, from their scalars' words.
package struct ChannelBands: Sendable {
  /// What bands there are.
  package let bands: MagnitudeBands
  /// Filters of each band, by half.
  private let counts: [Half: [Int]]
  /// Each filter's band and one, below 0 for the negative half.
  private let places: [Int16]

  private static let tile = 1 << 12

  /// The bands of a channel of a layer, 1…ℓ, which nothing stops.
  ///
  /// - Complexity: as `init(_:layer:channel:bands:check:)`.
  package init(_ network: RandomNetwork, layer: Int, channel: Int, bands: MagnitudeBands) {
    self.init(network, layer: layer, channel: channel, bands: bands) {}
  }

  /// The bands of a channel of a layer, 1…ℓ.
  ///
  /// - Parameter check: called every 4096 filters; what it throws ends the work.
  /// - Complexity: 2N words of the generator; 4N bytes of memory, and 32 KiB.
  package init(
    _ network: RandomNetwork, layer: Int, channel: Int, bands: MagnitudeBands, check: () throws -> Void
  ) rethrows {
    self.bands = bands
    let filters = network.filtersPerChannel
    let address = WeightAddress.scalars(seed: network.seed, block: layer, channel: channel)
    var words = [UInt64](repeating: 0, count: min(Self.tile, filters))
    var (positive, negative) = ([Int](repeating: 0, count: bands.count), [Int](repeating: 0, count: bands.count))
    places = try [Int16](unsafeUninitializedCapacity: filters) { places, initialized in
      for start in stride(from: 0, to: filters, by: Self.tile) {
        try check()
        let count = min(Self.tile, filters - start)
        words.withUnsafeMutableBufferPointer {
          UniformStream.fillWords(.init(rebasing: $0[..<count]), at: address, startingAt: start)
        }
        for index in 0..<count {
          let band = bands.band(ofWord: words[index])
          if words[index] >> 63 == 1 {
            positive[band] += 1
            places[start + index] = Int16(band + 1)
          } else {
            negative[band] += 1
            places[start + index] = Int16(-band - 1)
          }
        }
      }
      initialized = filters
    }
    counts = [.positive: positive, .negative: negative]
  }

  /// Filters of each band of a half.
  package func counts(_ half: Half) -> [Int] { counts[half] ?? [] }

  /// Filters of a half.
  package func count(_ half: Half) -> Int { counts(half).reduce(0, +) }

  /// The filters of each band of a half, ascending.
  ///
  /// - Complexity: 2N steps; 4 bytes a filter of the half.
  package func filters(_ half: Half) -> [[UInt32]] {
    var filters = counts(half).map { count -> [UInt32] in
      var list: [UInt32] = []
      list.reserveCapacity(count)
      return list
    }
    forEach(half) { filter, band in filters[band].append(filter) }
    return filters
  }

  /// Calls `body` with each filter of a half, ascending, and its band.
  package func forEach(_ half: Half, _ body: (_ filter: UInt32, _ band: Int) -> Void) {
    let sign: Int16 = half == .positive ? 1 : -1
    places.withUnsafeBufferPointer { places in
      for filter in places.indices where places[filter] &* sign > 0 {
        body(UInt32(truncatingIfNeeded: filter), Int(places[filter] &* sign) - 1)
      }
    }
  }
}
