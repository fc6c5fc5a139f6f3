import Foundation
import LinearAlgebra
import RandomStreams

/// The kept filters of a ticket's blocks in few bits where long and short filters are kept at
/// different rates.
///
/// A block's candidates stand in bands of |u|, from the longest to the shortest (`MagnitudeBands`),
/// which the seed tells. First comes how many of each band stay (`BandCounts`), then which of each
/// band's filters: all choices are equally likely.
package struct BandedListCode {
  private let network: RandomNetwork
  /// Bands of each layer.
  private let bands: [MagnitudeBands]
  private var counts = BandCounts()
  /// The channel that was coded last, since two blocks share it, and those made for later.
  private var channels: [(layer: Int, channel: Int, filters: ChannelBands)] = []

  /// The code of a random network's blocks, before the first.
  ///
  /// - Parameter bands: of each layer.
  package init(_ network: RandomNetwork, bands: [MagnitudeBands]) {
    precondition(bands.count == network.layers.count, "bands for each layer")
    self.network = network
    self.bands = bands
  }

  /// Codes the next block.
  ///
  /// - Parameter kept: the filters that an encoder writes, ascending, all of the block's half.
  /// - Returns: the block, with the candidates that the random network has.
  /// - Complexity: 2N words of the generator a channel, and where a band keeps two or more a coded
  ///   bit for each of its candidates; 4N bytes of memory.
  package mutating func block(
    _ address: BlockAddress, keeping kept: [UInt32] = [], with coder: inout some BitCoder
  ) -> Block {
    let filters = filters(of: address)
    let sizes = filters.counts(address.half)
    // Which of each band's filters an encoder writes.
    let wanted = kept.isEmpty ? sizes.map { _ in [] } : filters.places(of: kept, address.half)
    let numbers = counts.block(layer: address.layer, keeping: wanted.map(\.count), of: sizes, with: &coder)
    let found = numbers.indices.map { Self.choice(wanted[$0], numbers[$0], of: sizes[$0], with: &coder) }
    return Block(
      address: address, candidates: filters.count(address.half),
      kept: kept.isEmpty ? Self.filters(found, filters, address.half) : kept)
  }

  /// Bits that a block takes whose bands keep so many filters each, after the blocks before it.
  ///
  /// - Parameters:
  ///   - layer: of the block, 1…ℓ.
  ///   - counts: filters that stay, by band.
  ///   - sizes: filters that there are.
  /// - Complexity: a step for each band and filter that stays.
  package mutating func bits(layer: Int, keeping counts: [Int], of sizes: [Int]) -> Double {
    var counter = BitCounter()
    _ = self.counts.block(layer: layer, keeping: counts, of: sizes, with: &counter)
    var choices = 0.0
    for (count, size) in zip(counts, sizes) {
      for chosen in 0..<count { choices += log2(Double(size - chosen) / Double(count - chosen)) }
    }
    return counter.bits + choices
  }

  /// Makes the bands of the channels of the next blocks, one a core, where the first is not made.
  ///
  /// - Throws: nothing for one worker or more.
  /// - Complexity: 2N words of the generator, and 4N bytes of memory, a core.
  package mutating func prepare(for blocks: some Collection<BlockAddress>, workers: Int) throws {
    guard workers > 1, let first = blocks.first, !isReady(first) else { return }
    var next: [BlockAddress] = []
    for block in blocks where next.count < workers {
      if next.last.map({ ($0.layer, $0.channel) != (block.layer, block.channel) }) ?? true { next.append(block) }
    }
    let addresses = next
    let filters = try Workers.map(count: addresses.count, workers: workers) { [network, bands] index in
      let block = addresses[index]
      return ChannelBands(network, layer: block.layer, channel: block.channel, bands: bands[block.layer - 1])
    }
    channels = zip(addresses, filters).map { ($0.layer, $0.channel, $1) }
  }

  private func isReady(_ address: BlockAddress) -> Bool {
    channels.contains { ($0.layer, $0.channel) == (address.layer, address.channel) }
  }

  private mutating func filters(of address: BlockAddress) -> ChannelBands {
    if let ready = channels.first(where: { ($0.layer, $0.channel) == (address.layer, address.channel) }) {
      return ready.filters
    }
    let filters = ChannelBands(
      network, layer: address.layer, channel: address.channel, bands: bands[address.layer - 1])
    channels = [(address.layer, address.channel, filters)]
    return filters
  }

  /// Codes which of a band's filters stay, by their places in it.
  private static func choice(
    _ places: [Int], _ number: Int, of count: Int, with coder: inout some BitCoder
  ) -> [Int] {
    if number == 0 { return [] }
    if number == 1 { return [place(places.first ?? 0, of: count, with: &coder)] }
    var found: [Int] = []
    var next = 0
    for place in 0..<count where found.count < number {
      let isKept = next < places.count && places[next] == place
      if coder.code(isKept, ones: UInt64(number - found.count), of: UInt64(count - place)) {
        found.append(place)
        next += 1
      }
    }
    return found
  }

  /// Codes one of so many places, halving them.
  private static func place(_ place: Int, of count: Int, with coder: inout some BitCoder) -> Int {
    var (low, high) = (0, count)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if coder.code(place >= middle, ones: UInt64(high - middle), of: UInt64(high - low)) {
        low = middle
      } else {
        high = middle
      }
    }
    return low
  }

  /// The filters of places in bands, ascending.
  private static func filters(_ found: [[Int]], _ filters: ChannelBands, _ half: Half) -> [UInt32] {
    found.allSatisfy(\.isEmpty) ? [] : filters.filters(at: found, half)
  }
}
