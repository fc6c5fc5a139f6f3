import LinearAlgebra
import RandomStreams

/// The filters of an input channel by half and band of |u|, from their scalars' words.
package struct ChannelBands: Sendable {
  /// What bands there are.
  package let bands: MagnitudeBands
  /// Filters of each band, by half.
  private let counts: [Half: [Int]]
  /// Each filter's band and one, below 0 for the negative half.
  private let places: [Int16]

  /// Filters that a core takes at a time, and those whose words are made at once.
  private static let (share, tile) = (1 << 15, 1 << 12)

  /// The bands of a channel of a layer, 1…ℓ.
  ///
  /// - Complexity: 2N words of the generator; 4N bytes of memory, and 32 KiB.
  package init(_ network: RandomNetwork, layer: Int, channel: Int, bands: MagnitudeBands) {
    let filters = network.filtersPerChannel
    let address = WeightAddress.scalars(seed: network.seed, block: layer, channel: channel)
    var found: [Int] = []
    let places = [Int16](unsafeUninitializedCapacity: filters) { places, initialized in
      found = Self.place(0..<filters, at: address, bands, into: places)
      initialized = filters
    }
    self.init(bands: bands, places: places, found: found)
  }

  /// The bands of a channel of a layer, 1…ℓ, over several cores.
  ///
  /// - Parameter check: called every 32 768 filters; what it throws ends the work.
  /// - Complexity: 2N words of the generator; 4N bytes of memory, and 32 KiB a core.
  package init(
    _ network: RandomNetwork, layer: Int, channel: Int, bands: MagnitudeBands, workers: Int,
    check: @Sendable () throws -> Void
  ) throws {
    let filters = network.filtersPerChannel
    let address = WeightAddress.scalars(seed: network.seed, block: layer, channel: channel)
    let shares = (filters + Self.share - 1) / Self.share
    var found: [[Int]] = []
    let places = try [Int16](unsafeUninitializedCapacity: filters) { places, initialized in
      nonisolated(unsafe) let places = places
      found = try Workers.map(count: shares, workers: min(workers, shares)) { share in
        try check()
        let range = share * Self.share..<min(filters, (share + 1) * Self.share)
        return Self.place(range, at: address, bands, into: places)
      }
      initialized = filters
    }
    let counts = (0..<2 * bands.count).map { place in found.reduce(0) { $0 + $1[place] } }
    self.init(bands: bands, places: places, found: counts)
  }

  /// - Parameter found: filters of each band, those of positive scalars first.
  private init(bands: MagnitudeBands, places: [Int16], found: [Int]) {
    (self.bands, self.places) = (bands, places)
    counts = [.positive: Array(found[..<bands.count]), .negative: Array(found[bands.count...])]
  }

  /// Writes the places of some filters, and counts those of each band.
  private static func place(
    _ filters: Range<Int>, at address: StreamAddress, _ bands: MagnitudeBands,
    into places: UnsafeMutableBufferPointer<Int16>
  ) -> [Int] {
    let half = bands.count
    var counts = [Int](repeating: 0, count: 2 * half)
    counts.withUnsafeMutableBufferPointer { counts in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: min(tile, filters.count)) { words in
        bands.withLookup { lookup in
          for start in stride(from: filters.lowerBound, to: filters.upperBound, by: tile) {
            let count = min(tile, filters.upperBound - start)
            UniformStream.fillWords(.init(rebasing: words[..<count]), at: address, startingAt: start)
            for index in 0..<count {
              let (band, isNegative) = (lookup.band(ofWord: words[index]), words[index] >> 63 == 0)
              counts[isNegative ? half + band : band] += 1
              places[start + index] = Int16(truncatingIfNeeded: isNegative ? -band - 1 : band + 1)
            }
          }
        }
      }
    }
    return counts
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

  /// Which of each band's filters some are, by their places among them.
  ///
  /// - Parameter kept: filters, ascending; those of the other half are left out.
  /// - Complexity: as many steps as there are filters up to the last.
  func places(of kept: [UInt32], _ half: Half) -> [[Int]] {
    var (found, met, next) = ([[Int]](repeating: [], count: bands.count), [Int](repeating: 0, count: bands.count), 0)
    met.withUnsafeMutableBufferPointer { met in
      forEach(half) { filter, band in
        if next < kept.count, kept[next] == filter {
          found[band].append(met[band])
          next += 1
        }
        met[band] += 1
      }
    }
    return found
  }

  /// The filters at places in bands, ascending: what `places` undoes.
  ///
  /// - Complexity: 2N steps.
  func filters(at places: [[Int]], _ half: Half) -> [UInt32] {
    var (kept, next) = ([UInt32](), [Int](repeating: 0, count: places.count))
    // Filters of each band before its next one.
    var left = places.map { $0.first ?? .max }
    left.withUnsafeMutableBufferPointer { left in
      forEach(half) { filter, band in
        if left[band] == 0 {
          kept.append(filter)
          let own = places[band]
          next[band] += 1
          left[band] = next[band] < own.count ? own[next[band]] - own[next[band] - 1] : .max
        }
        left[band] -= 1
      }
    }
    return kept
  }

  /// Calls `body` with each filter of a half, ascending, and its band.
  @inline(__always)
  package func forEach(_ half: Half, _ body: (_ filter: UInt32, _ band: Int) -> Void) {
    let sign: Int16 = half == .positive ? 1 : -1
    places.withUnsafeBufferPointer { places in
      for filter in places.indices where places[filter] &* sign > 0 {
        body(UInt32(truncatingIfNeeded: filter), Int(places[filter] &* sign) - 1)
      }
    }
  }
}
