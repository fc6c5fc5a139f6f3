import Foundation
import RandomStreams
import Testing

@Suite struct InverseNormalTests {
  /// Normals of words, from Φ⁻¹ solved with 60 digits.
  static let quantiles: [(word: UInt64, normal: Double)] = [
    (0x0000_0000_0000_0000, -8.2923610758135955382),
    (0x0000_0000_0000_0800, -8.1607078408585831755),
    (0x0000_0002_dfdc_1c35, -6.0627037013044002826),
    (0x0000_0100_0000_0000, -5.2947040846844008903),
    (0x0041_8937_4bc6_a7ef, -3.0902323061678297641),
    (0x13b1_3b13_b13b_13b1, -1.4260768722728471538),
    (0x4000_0000_0000_0000, -0.67448975019608156852),
    (0x7c00_0000_0000_0000, -0.039176085503097490313),
    (0x8000_0000_0000_0000, 1.3914582123358834611e-16),
    (0x8000_0100_0000_0000, 1.494066880324774579e-7),
    (0xa000_0000_0000_3039, 0.31863936396437706612),
    (0xfffc_0000_0000_0000, 3.8419306855021340518),
  ]

  /// The bound stated for the transform, and what the check by `erf` adds to it (its own two
  /// roundings).
  static let relativeError = 1e-15
  static let checkError = 5e-16

  @Test(arguments: quantiles.indices) func agreesWithExactQuantiles(index: Int) {
    let (word, normal) = Self.quantiles[index]
    #expect(abs(InverseNormal.normal(ofWord: word) - normal) <= Self.relativeError * abs(normal))
  }

  /// Puts each normal back through erf or erfc, whichever is precise there, and turns the residual
  /// into an error of x.
  @Test func invertsTheDistributionFunction() {
    let words = CraftedWords.all + (0..<20_000).map { StreamAddress(seed: 5).word($0) }
    var worst = 0.0
    for word in words {
      let q = InverseNormal.centered(ofWord: word)
      let x = InverseNormal.normal(ofWord: word)
      let scaled = abs(x) * 0.5.squareRoot()
      let residual = abs(q) < 0.25 ? erf(scaled) / 2 - abs(q) : (0.5 - abs(q)) - erfc(scaled) / 2
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      worst = max(worst, abs(residual) / (density * abs(x)))
    }
    #expect(worst <= Self.relativeError + Self.checkError)
  }

  @Test func complementingAWordNegatesItsNormal() {
    for word in CraftedWords.all {
      #expect(InverseNormal.normal(ofWord: ~word) == -InverseNormal.normal(ofWord: word))
    }
  }

  @Test func isMonotone() {
    let words = CraftedWords.all.sorted()
    let normals = words.map { InverseNormal.normal(ofWord: $0) }
    for (lower, upper) in zip(normals, normals.dropFirst()) { #expect(lower <= upper) }
    #expect(normals.first == -normals.last! && abs(normals.last! - 8.2923610758) < 1e-9)
  }

  /// Next to the median the normal is √(2π) q (1 + π q²/3 + …), down to the smallest, q = 2⁻⁵⁴.
  @Test func keepsPrecisionNearTheMedian() {
    let slope = (2 * Double.pi).squareRoot()
    let words: [UInt64] = [1 << 63] + (11..<36).map { 1 << 63 | 1 << $0 }
    for word in words {
      let expected = slope * InverseNormal.centered(ofWord: word)
      #expect(abs(InverseNormal.normal(ofWord: word) / expected - 1) < Self.relativeError)
    }
    #expect(InverseNormal.centered(ofWord: 1 << 63) == 0x1p-54)
  }
}
