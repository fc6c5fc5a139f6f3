import Foundation
import RandomStreams
import Testing

/// The law of one million weights. The stream is fixed, so these pass always or never; limits are
/// four standard errors.
@Suite struct DistributionTests {
  static let count = 1_000_000
  static let normals: [Double] = {
    var values = [Double](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer {
      NormalStream.fill($0, at: WeightAddress.scalars(seed: 2026, block: 1, channel: 0))
    }
    return values
  }()

  @Test func moments() {
    let n = Double(Self.count)
    var sums = SIMD4<Double>.zero
    for x in Self.normals { sums += SIMD4(x, x * x, x * x * x, x * x * x * x) }
    sums /= n
    // Variances of x, x², x³, x⁴ for a standard normal: 1, 2, 15, 96.
    let limits = SIMD4<Double>(1, 2, 15, 96).squareRoot() * (4 / n.squareRoot())
    let errors = sums - SIMD4(0, 1, 0, 3)
    for power in 0..<4 { #expect(abs(errors[power]) < limits[power], "moment \(power + 1)") }
  }

  /// √n · sup |F_n − Φ| exceeds 1.95 once in a thousand.
  @Test func kolmogorovSmirnov() {
    let n = Double(Self.count)
    var distance = 0.0
    for (rank, x) in Self.normals.sorted().enumerated() {
      let probability = erfc(-x * 0.5.squareRoot()) / 2
      distance = max(distance, Double(rank + 1) / n - probability, probability - Double(rank) / n)
    }
    #expect(distance * n.squareRoot() < 1.95)
  }

  /// P(|u| < t) = 0.798 t for small t: the candidates that make subset sums fine.
  @Test(arguments: [0.1, 0.01, 0.001, 0.0001]) func densityNearZero(t: Double) {
    let n = Double(Self.count)
    let probability = erf(t * 0.5.squareRoot())
    #expect(abs(probability / (0.798 * t) - 1) < 0.003)
    let found = Double(Self.normals.count { abs($0) < t })
    #expect(abs(found - n * probability) < 4 * (n * probability * (1 - probability)).squareRoot())
  }

  @Test(arguments: [1, 2, 3, 4, 72]) func entriesOfAStreamAreUncorrelated(lag: Int) {
    let pairs = Self.count - lag
    var sum = 0.0
    for k in 0..<pairs { sum += Self.normals[k] * Self.normals[k + lag] }
    #expect(abs(sum) < 4 * Double(pairs).squareRoot())
  }

  /// Slices of neighbouring filters, channels, blocks and seeds.
  @Test func neighbouringStreamsAreUncorrelated() {
    func slice(_ seed: UInt64, _ block: Int, _ channel: Int, _ filter: Int) -> [Double] {
      var values = [Double](repeating: 0, count: 100_000)
      values.withUnsafeMutableBufferPointer {
        NormalStream.fill(
          $0, at: WeightAddress.slice(seed: seed, block: block, channel: channel, filter: filter))
      }
      return values
    }
    let first = slice(1, 1, 1, 1)
    for other in [slice(1, 1, 1, 2), slice(1, 1, 2, 1), slice(1, 2, 1, 1), slice(2, 1, 1, 1)] {
      let sum = zip(first, other).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(sum) < 4 * Double(first.count).squareRoot())
    }
  }

  @Test func uniformsAreUniform() {
    let n = Double(Self.count)
    var values = [Double](repeating: 0, count: Self.count)
    values.withUnsafeMutableBufferPointer { UniformStream.fill($0, at: StreamAddress(seed: 8)) }
    var counts = [Double](repeating: 0, count: 100)
    for x in values { counts[Int(x * 100)] += 1 }
    // χ² with 99 degrees of freedom: mean 99, variance 198.
    let chiSquared = counts.reduce(0) { $0 + ($1 - n / 100) * ($1 - n / 100) / (n / 100) }
    #expect(abs(chiSquared - 99) < 4 * 198.0.squareRoot())
    #expect(abs(values.reduce(0, +) / n - 0.5) < 4 / (12 * n).squareRoot())
  }
}
