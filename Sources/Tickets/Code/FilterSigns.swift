import RandomStreams

/// The signs of the scalars of one input channel's hidden filters, without the scalars.
///
/// A scalar is Φ⁻¹ of its word, so it is positive where the word's highest bit is set; it is never
/// 0.
package struct FilterSigns {
  /// 64 filters a number, the first lowest; a set bit is a positive scalar.
  private var positive: [UInt64]
  private let filters: Int
  private let positiveCount: Int

  private static let tile = 1 << 12

  /// The signs of a channel of a layer, 1…ℓ.
  ///
  /// - Complexity: 2N words of the generator; 2N bits of memory, and 32 KiB.
  package init(_ network: RandomNetwork, layer: Int, channel: Int) {
    filters = network.filtersPerChannel
    positive = [UInt64](repeating: 0, count: (filters + 63) / 64)
    let address = WeightAddress.scalars(seed: network.seed, block: layer, channel: channel)
    var words = [UInt64](repeating: 0, count: min(Self.tile, filters))
    for start in stride(from: 0, to: filters, by: Self.tile) {
      let count = min(Self.tile, filters - start)
      words.withUnsafeMutableBufferPointer {
        UniformStream.fillWords(.init(rebasing: $0[..<count]), at: address, startingAt: start)
      }
      for index in 0..<count {
        positive[(start + index) / 64] |= (words[index] >> 63) << UInt64((start + index) % 64)
      }
    }
    positiveCount = positive.reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// Filters of a half.
  package func count(_ half: Half) -> Int { half == .positive ? positiveCount : filters - positiveCount }

  /// Whether a filter's scalar has the half's sign.
  package func contains(_ filter: Int, _ half: Half) -> Bool {
    (positive[filter / 64] >> UInt64(filter % 64) & 1 == 1) == (half == .positive)
  }

  /// Calls `body` with the filters of a half, ascending, as long as it returns true.
  func forEach(_ half: Half, _ body: (UInt32) -> Bool) {
    for index in positive.indices {
      let isLast = index == positive.count - 1
      let there = isLast && filters % 64 > 0 ? UInt64(1) << UInt64(filters % 64) - 1 : .max
      var bits = (half == .positive ? positive[index] : ~positive[index]) & there
      while bits != 0 {
        if !body(UInt32(64 * index + bits.trailingZeroBitCount)) { return }
        bits &= bits - 1
      }
    }
  }
}
