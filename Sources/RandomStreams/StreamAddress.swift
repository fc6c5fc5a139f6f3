/// Which stream of a seed: three free 64-bit words, named after their use for weights
/// (`WeightAddress`).
///
/// No weight has `layer` 0, so paths with `layer` 0 are free for everything else.
public struct StreamPath: Sendable, Hashable {
  /// The hidden filter q of a weight; 0 for the stream of a channel's scalars.
  public var filter: UInt64
  /// The input channel t of a weight, from 0.
  public var channel: UInt64
  /// The layer of the random network, 1 … 2ℓ, of a weight; 0 for streams of other use.
  public var layer: UInt64

  /// A path of three words.
  public init(filter: UInt64 = 0, channel: UInt64 = 0, layer: UInt64 = 0) {
    self.filter = filter
    self.channel = channel
    self.layer = layer
  }
}

/// The address of an endless stream of random 64-bit words. Entry `k` of any stream can be made
/// without the others.
///
/// Word `w` of the stream is word `w mod 4` of the Philox4x64-10 block `b = w div 4`, with
///
/// - key = (`seed`, ``domain``),
/// - counter = (1 + b, `path.filter`, `path.channel`, `path.layer`), least significant word first.
///
/// So `numpy.random.Philox(counter=[0, filter, channel, layer], key=[seed, domain]).random_raw()`
/// yields the words in order. Distinct addresses never share a block.
public struct StreamAddress: Sendable, Hashable {
  /// The seed, the first word of the generator's key.
  public var seed: UInt64
  /// Which stream of the seed.
  public var path: StreamPath

  /// The stream `path` of `seed`.
  public init(seed: UInt64, path: StreamPath = StreamPath()) {
    self.seed = seed
    self.path = path
  }

  /// The second key word of every stream: "Tombola1" in ASCII read as a big-endian integer, 'T' the
  /// most significant byte.
  public static let domain: UInt64 = 0x546F_6D62_6F6C_6131

  /// The word behind entry `entry` of the stream, by the Swift reference.
  ///
  /// - Complexity: O(1), about 10 ns.
  /// - Precondition: `entry >= 0`.
  public func word(_ entry: Int) -> UInt64 {
    precondition(entry >= 0, "an entry of a stream is at least 0, found \(entry)")
    let counter = SIMD4(1 + UInt64(entry / 4), path.filter, path.channel, path.layer)
    return Philox4x64.block(counter: counter, key: SIMD2(seed, Self.domain))[entry % 4]
  }
}
