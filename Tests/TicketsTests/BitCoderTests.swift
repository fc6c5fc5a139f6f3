import Foundation
import Testing
import Tickets

/// The range coder: what goes in comes out, in about as many bits as the chances say.
@Suite struct BitCoderTests {
  /// A bit with its chance of being true, `ones` / `total`.
  private struct Coded {
    let bit: Bool
    let ones: UInt64
    let total: UInt64
  }

  private static func bits(_ count: Int, seed: UInt64) -> [Coded] {
    let words = SmallTargets.values(3 * count, seed: seed).map { UInt64($0.bitPattern) &* 0x9E37_79B9_7F4A_7C15 }
    return (0..<count).map { index in
      let total = words[3 * index] >> (32 + words[3 * index] % 32) + 1
      let ones = (words[3 * index + 1] >> 20) % (total + 1)
      return Coded(bit: (words[3 * index + 2] >> 20) % total < ones, ones: ones, total: total)
    }
  }

  @Test(arguments: [0, 1, 2, 7, 100, 20_000]) func bitsComeBack(count: Int) {
    let bits = Self.bits(count, seed: UInt64(count))
    var encoder = BitEncoder()
    var entropy = 0.0
    for bit in bits {
      let coded = encoder.code(bit.bit, ones: bit.ones, of: bit.total)
      #expect(coded == bit.bit)
      entropy -= log2(Double(bit.bit ? bit.ones : bit.total - bit.ones) / Double(bit.total))
    }
    let bytes = encoder.finish()
    #expect(Double(bytes.count) <= entropy / 8 * 1.0001 + 2, "\(bytes.count) bytes for \(entropy) bits")
    var decoder = BitDecoder(bytes)
    for bit in bits {
      let found = decoder.code(ones: bit.ones, of: bit.total)
      #expect(found == bit.bit)
    }
    #expect(decoder.unread == 0 && !decoder.isExhausted)
  }

  /// Runs of the improbable bit push the encoder's low end to the top of its range, where sums
  /// carry into bytes that are written.
  @Test func carriesReachBack() {
    for length in 1...40 {
      var encoder = BitEncoder()
      let bits = (0..<length).map { $0 != length - 1 }
      for bit in bits { _ = encoder.code(!bit, ones: 1, of: 257) }
      var decoder = BitDecoder(encoder.finish())
      for bit in bits {
        let found = decoder.code(ones: 1, of: 257)
        #expect(found == !bit)
      }
    }
  }

  @Test func whatIsCertainTakesNothing() {
    var encoder = BitEncoder()
    for _ in 0..<1000 {
      let (always, never) = (encoder.code(false, ones: 5, of: 5), encoder.code(true, ones: 0, of: 5))
      #expect(always && !never)
    }
    let bytes = encoder.finish()
    #expect(bytes.count == 1)
  }

  /// Bytes of an independent writing of the format in Python; they never change.
  @Test func bytesAreThoseOfTheFormat() {
    var encoder = BitEncoder()
    for index in 0..<40 { _ = encoder.code(index % 3 == 0, ones: UInt64(index % 7 + 1), of: 11) }
    let bytes = encoder.finish()
    #expect(bytes == Self.known)
    var text = BitEncoder()
    var model = TextModel.primed
    for byte in Array("tombola 0.3\nstem\tconv 3x3 1 2\n".utf8) + [TextModel.end] { _ = model.code(byte, with: &text) }
    let textBytes = text.finish()
    #expect(textBytes == Self.knownText)
  }

  private static let known: [UInt8] = [13, 138, 206, 37, 96, 147]
  private static let knownText: [UInt8] = [109, 65, 85, 146, 125, 244, 242]
}
