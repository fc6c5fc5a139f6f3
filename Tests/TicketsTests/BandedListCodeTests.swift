import Foundation
import RandomStreams
import Testing
import Tickets

/// Kept lists by bands of |u|: nothing lost, long and short filters at their own rates, and no
/// bytes that a decoder traps on.
@Suite struct BandedListCodeTests {
  private static func network(width: Int, channels: Int) throws -> RandomNetwork {
    try VectorCode.network(seed: 9, width: width, dimension: 3, vectors: channels)
  }

  @Test(arguments: [(1, 576), (90, 72), (90, 1), (640, 8), (1023, 1), (1023, 72)])
  func bandsCutTheFractions(first: Int, dimension: Int) throws {
    let bands = try #require(MagnitudeBands(first: first, dimension: dimension))
    #expect((2...MagnitudeBands.greatestCount).contains(bands.count + 1))
    let ranges = (0..<bands.count).map { bands.fractions(of: $0) }
    #expect(ranges[0].upperBound == 1 && ranges.last?.lowerBound == 0)
    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.lowerBound == $1.upperBound })
    // The formula in floating point.
    var (edge, part) = (1.0, Double(first) / 1024)
    for range in ranges.prefix(20).dropLast() {
      edge *= 1 - part * (1 - (1 - part) * edge / 4)
      #expect(abs(range.lowerBound - edge) <= 1e-6 * edge + 1e-8 || range.lowerBound == 0)
      part = max(part * (1 - 1 / Double(dimension)), Double(first) / 4096)
    }
    let address = WeightAddress.scalars(seed: 3, block: 1, channel: 0)
    var last: [(band: Int, magnitude: Double)] = []
    for entry in 0..<5000 {
      let word = address.word(entry)
      let band = bands.band(ofWord: word)
      let magnitude = abs(NormalStream.value(at: address, entry: entry))
      // F of |u| by the error function, which the bands do not know.
      let fraction = erf(magnitude / 2.0.squareRoot())
      #expect(ranges[band].lowerBound - 1e-12 <= fraction && fraction <= ranges[band].upperBound + 1e-12)
      last.append((band, magnitude))
    }
    // Longer ones are in earlier bands.
    last.sort { $0.magnitude > $1.magnitude }
    #expect(zip(last, last.dropFirst()).allSatisfy { $0.band <= $1.band })
    for word: UInt64 in [0, .max, 1 << 63, (1 << 63) - 1] {
      #expect(bands.band(ofWord: word) == (word == 0 || word == .max ? 0 : bands.count - 1))
    }
    // On both sides of each edge.
    for (band, range) in ranges.enumerated() where range.lowerBound > 0 {
      let word = UInt64(range.lowerBound * 0x1p32) << 31 | 1 << 63
      #expect(bands.band(ofWord: word) == band && bands.band(ofWord: word - 1) == band + 1)
    }
  }

  @Test func firstBandsAreAPartOfAll() {
    #expect(MagnitudeBands(first: 0, dimension: 8) == nil && MagnitudeBands(first: 1024, dimension: 8) == nil)
    #expect(MagnitudeBands(first: 5, dimension: 0) == nil)
    for dimension in [1, 8, 72, 144, 576, 1 << 20] {
      for filters in [1, 500, 1 << 17, 1 << 30] {
        let bands = MagnitudeBands.oneFilterEach(dimension: dimension, filters: filters)
        let again = MagnitudeBands(first: bands.first, dimension: dimension)
        #expect(again?.count == bands.count && again?.fractions(of: 0) == bands.fractions(of: 0))
      }
    }
  }

  /// Blocks that keep a filter of every band, none, all, and every tenth.
  private static func blocks(_ network: RandomNetwork, _ bands: MagnitudeBands) -> [Block] {
    (0..<network.layers[0].inputChannels).flatMap { channel -> [Block] in
      let filters = ChannelBands(network, layer: 1, channel: channel, bands: bands)
      return Half.allCases.map { half in
        let lists = filters.filters(half)
        let kept: [UInt32] =
          switch channel % 4 {
          case 0: lists.compactMap(\.first).sorted()
          case 1: []
          case 2: lists.flatMap { $0 }.sorted()
          default: lists.flatMap { $0 }.sorted().enumerated().filter { $0.offset % 10 == 3 }.map(\.element)
          }
        return Block(
          address: BlockAddress(layer: 1, channel: channel, half: half), candidates: filters.count(half), kept: kept)
      }
    }
  }

  @Test(arguments: [1, 2, 40, 700]) func listsComeBack(width: Int) throws {
    let network = try Self.network(width: width, channels: 9)
    let bands = try #require(MagnitudeBands(first: 170, dimension: 72))
    let blocks = Self.blocks(network, bands)
    #expect(
      blocks.allSatisfy { block in
        let scalars = network.scalars(layer: 1, channel: block.address.channel)
        return block.kept.allSatisfy { block.address.half.contains(scalars[Int($0)]) }
          && block.candidates == scalars.count { block.address.half.contains($0) }
      })
    var coder = BitEncoder()
    var lists = BandedListCode(network, bands: [bands])
    for block in blocks { #expect(lists.block(block.address, keeping: block.kept, with: &coder) == block) }
    var decoder = BitDecoder(coder.finish())
    lists = BandedListCode(network, bands: [bands])
    for block in blocks { #expect(lists.block(block.address, with: &decoder) == block) }
    #expect(decoder.unread == 0)
  }

  /// Channels that are made ahead, over several cores, are those that are made when they are read.
  @Test(arguments: [1, 2, 3, 40]) func channelsMadeAheadAreTheSame(workers: Int) throws {
    let network = try Self.network(width: 700, channels: 9)
    let bands = try #require(MagnitudeBands(first: 170, dimension: 72))
    let blocks = Self.blocks(network, bands)
    func bytes(workers: Int?) throws -> [UInt8] {
      var (coder, lists) = (BitEncoder(), BandedListCode(network, bands: [bands]))
      for (index, block) in blocks.enumerated() {
        if let workers { try lists.prepare(for: blocks[index...].map(\.address), workers: workers) }
        _ = lists.block(block.address, keeping: block.kept, with: &coder)
      }
      return coder.finish()
    }
    #expect(try bytes(workers: workers) == bytes(workers: nil))
    let wide = try Self.network(width: 50_000, channels: 1)
    let (one, many) = (
      ChannelBands(wide, layer: 1, channel: 0, bands: bands),
      try ChannelBands(wide, layer: 1, channel: 0, bands: bands, workers: workers) {}
    )
    for half in Half.allCases {
      #expect(one.filters(half) == many.filters(half) && one.counts(half) == many.counts(half))
    }
  }

  /// Scalars made one by one are those of the whole channel, and signs are theirs.
  @Test func scalarsOneByOne() throws {
    let network = try Self.network(width: 300, channels: 2)
    let (scalars, signs) = (network.scalars(layer: 1, channel: 1), FilterSigns(network, layer: 1, channel: 1))
    for (filter, scalar) in scalars.enumerated() {
      #expect(network.scalar(layer: 1, channel: 1, filter: filter).bitPattern == scalar.bitPattern)
      #expect(Half.allCases.allSatisfy { signs.contains(filter, $0) == $0.contains(scalar) })
    }
    #expect(Half.allCases.allSatisfy { half in signs.count(half) == scalars.count { half.contains($0) } })
  }

  /// Bits that are reckoned without choosing filters are those that a file takes.
  @Test(arguments: [40, 700]) func bitsAreReckonedAsTheyAreWritten(width: Int) throws {
    let network = try Self.network(width: width, channels: 9)
    let bands = try #require(MagnitudeBands(first: 170, dimension: 72))
    var (code, reckoned, coder) = (BandedListCode(network, bands: [bands]), 0.0, BitEncoder())
    var written = code
    for block in Self.blocks(network, bands) {
      let filters = ChannelBands(network, layer: 1, channel: block.address.channel, bands: bands)
      let kept = Set(block.kept)
      let counts = filters.filters(block.address.half).map { $0.count { kept.contains($0) } }
      reckoned += code.bits(layer: 1, keeping: counts, of: filters.counts(block.address.half))
      _ = written.block(block.address, keeping: block.kept, with: &coder)
    }
    let bits = Double(8 * coder.finish().count)
    #expect(bits >= reckoned - 0.01 && bits <= reckoned + 16, "\(bits) written, \(reckoned) reckoned")
  }

  /// One of each of the eight longest bands: a uniform list would spend log₂ C(n, 8) bits.
  @Test func whatIsAlwaysTheSameCostsLittle() throws {
    let network = try Self.network(width: 4096, channels: 40)
    let bands = try #require(MagnitudeBands(first: 170, dimension: 72))
    var (choices, uniform) = (0.0, 0.0)
    var (coder, other) = (BitEncoder(), BitEncoder())
    var (lists, plain) = (BandedListCode(network, bands: [bands]), KeptListCode(network))
    for channel in 0..<40 {
      let filters = ChannelBands(network, layer: 1, channel: channel, bands: bands).filters(.positive)
      let kept = filters[..<8].map { $0[channel % $0.count] }.sorted()
      choices += filters[..<8].reduce(0) { $0 + log2(Double($1.count)) }
      let address = BlockAddress(layer: 1, channel: channel, half: .positive)
      _ = lists.block(address, keeping: kept, with: &coder)
      _ = plain.block(address, keeping: kept, with: &other)
      uniform += 1
    }
    let bits = Double(8 * coder.finish().count)
    #expect(bits <= choices + 150, "\(bits) for \(choices)")
    #expect(bits < Double(8 * other.finish().count))
  }

  /// What nobody encoded decodes to blocks that a ticket could have.
  @Test func anyBytesAreBlocks() throws {
    let network = try Self.network(width: 40, channels: 3)
    let bands = try #require(MagnitudeBands(first: 300, dimension: 9))
    for seed in 0..<200 {
      let bytes = (0..<seed % 40).map { UInt8(StreamAddress(seed: UInt64(seed)).word($0) >> 56) }
      var coder = BitDecoder(bytes)
      var lists = BandedListCode(network, bands: [bands])
      for channel in 0..<3 {
        for half in Half.allCases {
          let found = lists.block(BlockAddress(layer: 1, channel: channel, half: half), with: &coder)
          #expect(found.kept.count <= found.candidates)
          #expect(zip(found.kept, found.kept.dropFirst()).allSatisfy { $0 < $1 })
        }
      }
    }
  }
}
