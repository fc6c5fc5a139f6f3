import Foundation
import RandomStreams
import Testing
import Tickets

/// Kept lists as bytes: nothing lost, nothing wasted, and no bytes that a decoder traps on.
@Suite struct KeptListCodeTests {
  /// The random network of a small target, and its blocks with every share of their filters kept.
  private static func sample(width: Int) throws -> (network: RandomNetwork, blocks: [Block]) {
    let target = try Target(SmallTargets.residual())
    let network = try RandomNetwork(seed: 5, width: width, layers: target.graph.layers)
    let addresses = Ticket.addresses(graph: target.graph, inputRange: .unit)
    let blocks = addresses.enumerated().map { index, address in
      let scalars = network.scalars(layer: address.layer, channel: address.channel)
      let half = scalars.indices.filter { address.half.contains(scalars[$0]) }
      let words = (0..<half.count).map { StreamAddress(seed: UInt64(index)).word($0) >> 40 }
      let share = UInt64([0, 1 << 24, 1 << 20, 1 << 22, 1 << 23][index % 5])
      let kept = zip(half, words).filter { $0.1 < share }.map { UInt32($0.0) }
      return Block(address: address, candidates: half.count, kept: kept)
    }
    return (network, blocks)
  }

  private static func bytes(_ network: RandomNetwork, _ blocks: [Block]) -> [UInt8] {
    var coder = BitEncoder()
    var lists = KeptListCode(network)
    for block in blocks {
      let coded = lists.block(block.address, keeping: block.kept, with: &coder)
      #expect(coded == block)
    }
    return coder.finish()
  }

  @Test(arguments: [1, 2, 31, 32, 33, 500, 5000]) func listsComeBackInTheBitsThatAreCounted(width: Int) throws {
    let (network, blocks) = try Self.sample(width: width)
    let bytes = Self.bytes(network, blocks)
    var coder = BitDecoder(bytes)
    var lists = KeptListCode(network)
    for block in blocks {
      let found = lists.block(block.address, with: &coder)
      #expect(found == block)
    }
    #expect(coder.unread == 0)
    func logFactorial(_ n: Int) -> Double { lgamma(Double(n) + 1) }
    let choices = blocks.reduce(0.0) {
      $0 + logFactorial($1.candidates) - logFactorial($1.kept.count) - logFactorial($1.candidates - $1.kept.count)
    }
    let counts = blocks.reduce(0.0) { $0 + 2 * log2(Double($1.candidates) + 2) + 2 }
    #expect(Double(8 * bytes.count) <= choices / log(2) * 1.0001 + counts + 16)
    #expect(Double(8 * bytes.count) >= choices / log(2))
  }

  /// What nobody encoded decodes to blocks that a ticket could have.
  @Test func anyBytesAreBlocks() throws {
    let (network, blocks) = try Self.sample(width: 40)
    for seed in 0..<200 {
      let count = seed % 50
      let bytes = (0..<count).map { UInt8(StreamAddress(seed: UInt64(seed)).word($0) >> 56) }
      var coder = BitDecoder(bytes)
      var lists = KeptListCode(network)
      for block in blocks {
        let found = lists.block(block.address, with: &coder)
        #expect(found.candidates == block.candidates && found.kept.count <= found.candidates)
        #expect(zip(found.kept, found.kept.dropFirst()).allSatisfy { $0 < $1 })
      }
    }
  }

  /// Signs are read off words; scalars are their normals.
  @Test func signsOfWordsAreThoseOfScalars() {
    let address = WeightAddress.scalars(seed: 3, block: 2, channel: 1)
    for entry in 0..<20_000 {
      #expect((address.word(entry) >> 63 == 1) == (NormalStream.value(at: address, entry: entry) > 0))
    }
    for word: UInt64 in [0, .max, 1 << 63, (1 << 63) - 1] {
      let normal = Float(InverseNormal.normal(ofWord: word))
      #expect((word >> 63 == 1) == (normal > 0) && normal != 0)
    }
  }

  @Test func textsComeBackWhateverTheyHold() {
    for count in [0, 1, 300] {
      let text = (0..<count).map { UInt8(truncatingIfNeeded: StreamAddress(seed: 9).word($0)) }
      var coder = BitEncoder()
      var model = TextModel.primed
      for byte in text { _ = model.code(byte, with: &coder) }
      let bytes = coder.finish()
      #expect(bytes.count <= 3 * count + 1)
      var decoder = BitDecoder(bytes)
      model = TextModel.primed
      var found: [UInt8] = []
      for _ in text { found.append(model.code(0, with: &decoder)) }
      #expect(found == text)
    }
    let known = Array(TextModel.example.utf8)
    var coder = BitEncoder()
    var model = TextModel.primed
    for byte in known { _ = model.code(byte, with: &coder) }
    let bytes = coder.finish()
    #expect(bytes.count < known.count / 10, "what the model has read costs little")
  }
}
