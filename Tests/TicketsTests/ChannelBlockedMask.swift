/// The n-channel-blocked mask S ∈ {0,1}^(d×d×c×cn): S[i, j, k, q] = 1 iff ⌈q/n⌉ = k, counting from
/// 1.
///
/// It depends on neither target nor weights: it makes a 1×1 layer read one input channel per hidden
/// channel. Written out here by the definition, as an oracle: the library never makes it, since a
/// `BlockedPointwise` layer names the one channel that each hidden channel reads.
struct ChannelBlockedMask: Sendable, Hashable {
  /// Input channels c.
  let channels: Int
  /// Hidden filters n of each input channel.
  let filtersPerChannel: Int

  init(channels: Int, filtersPerChannel: Int) {
    precondition(channels > 0 && filtersPerChannel > 0, "a mask has channels and filters")
    self.channels = channels
    self.filtersPerChannel = filtersPerChannel
  }

  /// Whether input channel k and hidden filter q, both from 0, stay connected.
  func keeps(inputChannel k: Int, filter q: Int) -> Bool { q / filtersPerChannel == k }

  /// Entries for a 1×1 layer, k-major: k·(c·n) + q.
  var entries: [Float] {
    (0..<channels).flatMap { k in
      (0..<channels * filtersPerChannel).map { keeps(inputChannel: k, filter: $0) ? 1 : 0 }
    }
  }
}
