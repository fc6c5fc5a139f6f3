/// One instance of the subset-sum problem in a network: a layer, an input channel, a sign.
public struct BlockAddress: Sendable, Hashable, Codable, Comparable {
  /// 1…ℓ.
  public let layer: Int
  /// Input channel from 0.
  public let channel: Int
  /// The sign of the scalars of its filters.
  public let half: Half

  /// The block of a layer, 1…ℓ, an input channel from 0, and a half.
  public init(layer: Int, channel: Int, half: Half) {
    self.layer = layer
    self.channel = channel
    self.half = half
  }

  /// By layer, then channel, then half.
  public static func < (first: BlockAddress, second: BlockAddress) -> Bool {
    (first.layer, first.channel, first.half) < (second.layer, second.channel, second.half)
  }

  /// The blocks of layers, ascending: every channel's positive half, and its negative one where the
  /// layer's input is signed.
  static func all(of layers: [LayerGraph.Layer], signedInputs: [Bool]) -> [BlockAddress] {
    zip(layers, signedInputs).flatMap { layer, isSigned in
      (0..<layer.inputChannels).flatMap { channel in
        (isSigned ? Half.allCases : [.positive]).map {
          BlockAddress(layer: layer.number, channel: channel, half: $0)
        }
      }
    }
  }
}

extension BlockAddress: CustomStringConvertible {
  /// "layer 1, channel 0, positive".
  public var description: String { "layer \(layer), channel \(channel), \(half.rawValue)" }
}

/// The filters that survive in one block.
public struct Block: Sendable, Hashable {
  /// Which block it is.
  public let address: BlockAddress
  /// Filters of this sign in the random network.
  public let candidates: Int
  /// Kept filters: q within the channel, 0 … 2N−1, strictly ascending.
  public let kept: [UInt32]

  /// A block over given filters; `Ticket` checks them.
  public init(address: BlockAddress, candidates: Int, kept: [UInt32]) {
    self.address = address
    self.candidates = candidates
    self.kept = kept
  }
}
