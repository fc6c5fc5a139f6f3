import RandomStreams

/// The kept filters of a ticket's blocks, in as many bits as there are choices.
///
/// A block's candidates are the filters of its half, which the seed tells. First comes how many
/// stay, as the difference from what the block before it leads one to expect; then for each
/// candidate whether it stays, with the chance (filters still to be kept) / (candidates still to
/// come). Multiplied out these chances are 1 / C(candidates, kept): a list takes log₂ of that many
/// bits, and no table.
package struct KeptListCode {
  private let network: RandomNetwork
  /// Counts of zeros and ones of the bits that say how long a difference is.
  private var lengths = [(zeros: UInt64, ones: UInt64)](repeating: (1, 1), count: 34)
  /// The block before: candidates, kept. A quarter is expected of the first.
  private var last: (candidates: Int, kept: Int) = (4, 1)
  /// The signs of the channel that was coded last, since two blocks share it.
  private var signs: (layer: Int, channel: Int, values: FilterSigns)?

  /// The code of a random network's blocks, before the first.
  package init(_ network: RandomNetwork) { self.network = network }

  /// Codes the next block.
  ///
  /// - Parameter kept: the filters that an encoder writes, ascending, all of the block's half.
  /// - Returns: the block, with the candidates that the random network has.
  /// - Complexity: 2N words of the generator a channel, and a coded bit a candidate; 2N bits of
  ///   memory.
  package mutating func block(
    _ address: BlockAddress, keeping kept: [UInt32] = [], with coder: inout some BitCoder
  ) -> Block {
    let signs = signs(of: address)
    let candidates = signs.count(address.half)
    let count = number(kept.count, of: candidates, with: &coder)
    var found: [UInt32] = []
    found.reserveCapacity(count)
    var next = 0
    var (left, open) = (UInt64(count), UInt64(candidates))
    signs.forEach(address.half) { filter in
      let isKept = coder.code(next < kept.count && kept[next] == filter, ones: left, of: open)
      open -= 1
      if isKept {
        found.append(filter)
        next += 1
        left -= 1
      }
      return left > 0
    }
    last = (candidates, count)
    return Block(address: address, candidates: candidates, kept: found)
  }

  private mutating func signs(of address: BlockAddress) -> FilterSigns {
    if let signs, (signs.layer, signs.channel) == (address.layer, address.channel) { return signs.values }
    let values = FilterSigns(network, layer: address.layer, channel: address.channel)
    signs = (address.layer, address.channel, values)
    return values
  }

  /// Codes how many of the candidates stay: the difference from the expected number, folded (0, −1,
  /// 1, −2, …) and one added, by its length in bits behind its leading one, and then these bits.
  private mutating func number(_ count: Int, of candidates: Int, with coder: inout some BitCoder) -> Int {
    let expected = (2 * last.kept * candidates + last.candidates) / max(1, 2 * last.candidates)
    let difference = count - expected
    let folded = UInt64(difference >= 0 ? 2 * difference : -2 * difference - 1) + 1
    let length = 63 - folded.leadingZeroBitCount
    var found = 0
    while found < lengths.count - 1, longer(length > found, than: found, with: &coder) { found += 1 }
    var value: UInt64 = 1
    for place in (0..<found).reversed() {
      value = value << 1 | (coder.code(folded >> UInt64(place) & 1 == 1, ones: 1, of: 2) ? 1 : 0)
    }
    value -= 1
    let read = value % 2 == 0 ? Int(value / 2) : -Int(value / 2) - 1
    // Only bytes that nobody encoded name a number that there is not.
    return min(max(0, expected + read), candidates)
  }

  private mutating func longer(_ bit: Bool, than length: Int, with coder: inout some BitCoder) -> Bool {
    let (zeros, ones) = lengths[length]
    let found = coder.code(bit, ones: ones, of: zeros + ones)
    if found { lengths[length].ones += 1 } else { lengths[length].zeros += 1 }
    return found
  }
}
