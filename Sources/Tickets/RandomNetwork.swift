import RandomStreams

/// The sign of a hidden filter's scalar, which decides what the filter can carry.
public enum Half: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// u > 0: reads x⁺, and sums to the target's kernel.
  case positive
  /// u < 0: reads x⁻, and sums to minus the target's kernel.
  case negative

  /// Positive before negative.
  public static func < (first: Half, second: Half) -> Bool { first == .positive && second == .negative }

  /// Whether a filter with this scalar belongs to the half. u = 0 belongs to neither.
  @inlinable public func contains(_ scalar: Float) -> Bool { self == .positive ? scalar > 0 : scalar < 0 }
}

/// The random 2ℓ-layer network of the theorem, as an address book: no weight is stored.
///
/// Layer 2i−1 is 1×1 from c channels to 2N·c hidden channels, layer 2i is d×d from those to c'
/// channels; entries are N(0,1), rounded to Float32. After the n-channel-blocked mask hidden
/// channel (t, q) reads only input channel t: it has one scalar u and one d×d×c' slice V.
public struct RandomNetwork: Sendable, Hashable {
  /// What all weights are made from.
  public let seed: UInt64
  /// N: each input channel has 2N hidden filters.
  public let width: Int
  /// The target's layers, whose shapes the random network copies.
  public let layers: [LayerGraph.Layer]

  /// The largest width: filter indices are stored as 32-bit numbers.
  public static let largestWidth = 1 << 30

  /// The random network of a seed; no weight is made.
  ///
  /// - Parameters:
  ///   - seed: what all weights are made from.
  ///   - width: N, 1…2³⁰.
  ///   - layers: the target's, whose shapes it copies.
  /// - Throws: `TicketError.invalidParameter` for a width outside 1…2³⁰.
  /// - Complexity: O(1).
  public init(seed: UInt64, width: Int, layers: [LayerGraph.Layer]) throws(TicketError) {
    guard width >= 1, width <= Self.largestWidth else {
      throw .invalidParameter(name: "width", expected: "1 to \(Self.largestWidth)", found: "\(width)")
    }
    self.seed = seed
    self.width = width
    self.layers = layers
  }

  /// Hidden filters of one input channel, 2N.
  public var filtersPerChannel: Int { 2 * width }

  /// Hidden filters of the whole network, 2N·Σ c_in, u ≤ 0 included.
  public var totalFilters: Int { layers.reduce(0) { $0 + filtersPerChannel * $1.inputChannels } }

  /// The 2N scalars u of one input channel.
  ///
  /// - Parameters:
  ///   - layer: 1…ℓ.
  ///   - channel: an input channel, from 0.
  /// - Complexity: 2N normals and 8N bytes.
  public func scalars(layer: Int, channel: Int) -> [Float] {
    scalars(layer: layer, channel: channel, filters: 0..<filtersPerChannel)
  }

  /// The scalars u of a range of an input channel's filters.
  ///
  /// - Parameters:
  ///   - layer: 1…ℓ.
  ///   - channel: an input channel, from 0.
  ///   - filters: numbers q within the channel.
  /// - Complexity: as many normals as filters.
  public func scalars(layer: Int, channel: Int, filters: Range<Int>) -> [Float] {
    [Float](unsafeUninitializedCapacity: filters.count) { buffer, initialized in
      let whole = UnsafeMutableBufferPointer(start: buffer.baseAddress, count: filters.count)
      NormalStream.fill(
        whole, at: WeightAddress.scalars(seed: seed, block: layer, channel: channel),
        startingAt: filters.lowerBound)
      initialized = filters.count
    }
  }

  /// The scalar u of one filter of an input channel.
  ///
  /// - Parameters:
  ///   - layer: 1…ℓ.
  ///   - channel: an input channel, from 0.
  ///   - filter: q, 0 … 2N−1.
  /// - Complexity: about 60 ns; a range of filters takes a tenth of that for each.
  public func scalar(layer: Int, channel: Int, filter: Int) -> Float {
    Float(NormalStream.value(at: WeightAddress.scalars(seed: seed, block: layer, channel: channel), entry: filter))
  }

  /// Writes the slice V of hidden filter q of a channel, in HWIO order.
  ///
  /// - Parameters:
  ///   - values: room for height × width × output channels entries.
  ///   - layer: 1…ℓ.
  ///   - channel: an input channel, from 0.
  ///   - filter: q, 0 … 2N−1.
  /// - Complexity: a normal an entry.
  public func fillSlice(_ values: UnsafeMutableBufferPointer<Float>, layer: Int, channel: Int, filter: Int) {
    precondition(values.count == layers[layer - 1].sliceCount, "a slice has height · width · output channels entries")
    NormalStream.fill(
      values, at: WeightAddress.slice(seed: seed, block: layer, channel: channel, filter: filter), startingAt: 0)
  }
}
