import RandomStreams
import Testing

@Suite struct PhiloxTests {
  /// The known-answer vectors of philox4x64 with 10 rounds published with Random123: counter, key,
  /// block.
  static let knownAnswers: [(counter: SIMD4<UInt64>, key: SIMD2<UInt64>, block: SIMD4<UInt64>)] = [
    (
      SIMD4(0, 0, 0, 0), SIMD2(0, 0),
      SIMD4(0x1655_4d9e_ca36_314c, 0xdb20_fe9d_672d_0fdc, 0xd7e7_72ce_e186_176b, 0x7e68_b68a_ec7b_a23b)
    ),
    (
      SIMD4(repeating: .max), SIMD2(repeating: .max),
      SIMD4(0x87b0_92c3_013f_e90b, 0x438c_3c67_be8d_0224, 0x9cc7_d7c6_9cd7_77b6, 0xa09c_aebf_594f_0ba0)
    ),
    (
      SIMD4(0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89),
      SIMD2(0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6c),
      SIMD4(0xa528_f454_03e6_1d95, 0x38c7_2dbd_566e_9788, 0xa5a1_610e_72fd_18b5, 0x57bd_43b5_e52b_7fe6)
    ),
  ]

  @Test(arguments: knownAnswers.indices) func knownAnswer(index: Int) {
    let vector = Self.knownAnswers[index]
    #expect(Philox4x64.block(counter: vector.counter, key: vector.key) == vector.block)
  }

  @Test func wordsOfAStreamAreTheWordsOfItsBlocks() {
    let address = StreamAddress(seed: 11, path: StreamPath(filter: 22, channel: 33, layer: 44))
    for entry in 0..<12 {
      let block = Philox4x64.block(
        counter: SIMD4(1 + UInt64(entry / 4), 22, 33, 44), key: SIMD2(11, StreamAddress.domain))
      #expect(address.word(entry) == block[entry % 4])
    }
    #expect(withUnsafeBytes(of: StreamAddress.domain.bigEndian) { Array($0) } == Array("Tombola1".utf8))
  }

  /// Every part of an address matters, also in its upper bits.
  @Test func neighbouringAddressesDiffer() {
    let near: [UInt64] = [0, 1, 2, 1 << 32, 1 << 63, .max]
    var seen: Set<UInt64> = []
    for seed in near {
      for filter in near {
        for channel in near {
          for layer in near {
            let path = StreamPath(filter: filter, channel: channel, layer: layer)
            for entry in 0..<5 { seen.insert(StreamAddress(seed: seed, path: path).word(entry)) }
          }
        }
      }
    }
    #expect(seen.count == 5 * 6 * 6 * 6 * 6)
  }
}
