import Foundation
import LinearAlgebra
import RunControl
import SubsetSum

/// A small generator for test data alone: SplitMix64 (Steele, Lea and Flood 2014).
struct TestNumbers {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  /// Uniform in [-1, 1).
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-52 - 1 }
  mutating func integer(_ limit: Int) -> Double { Double(Int(next() % UInt64(2 * limit + 1)) - limit) }
  /// A normal number by the method of Box and Muller.
  mutating func normal() -> Double {
    let radius = (-2 * log((Double(next() >> 11) + 0.5) * 0x1p-53)).squareRoot()
    return radius * cos(.pi * unit())
  }
}

/// |u|·V candidates sorted by |u|, with z ~ U(-half, half).
func scaledNormals(
  _ n: Int, _ m: Int, seed: UInt64, half: Double = 0.5, norm: Norm = .euclidean, dense: Bool = false
) throws -> Problem {
  var numbers = TestNumbers(state: seed)
  let scales = (0..<n).map { _ in Float(abs(numbers.normal())) }.sorted()
  let vectors = try Matrix<Float>(rows: n, columns: m, values: (0..<n * m).map { _ in Float(numbers.normal()) })
  let target = (0..<m).map { _ in half * numbers.unit() }
  var candidates = try Candidates(scales: scales, vectors: vectors)
  if dense {
    let entries = (0..<n * m).map { candidates.coordinate($0 / m, $0 % m) }
    candidates = Candidates(try Matrix<Double>(rows: n, columns: m, values: entries))
  }
  return try Problem(candidates: candidates, target: target, norm: norm)
}

/// Small integers, whose sums have many ties.
func integers(_ n: Int, _ m: Int, limit: Int, seed: UInt64, norm: Norm) throws -> Problem {
  var numbers = TestNumbers(state: seed)
  let rows = try Matrix<Double>(rows: n, columns: m, values: (0..<n * m).map { _ in numbers.integer(limit) })
  let target = (0..<m).map { _ in numbers.integer(2 * limit) }
  return try Problem(candidates: Candidates(rows), target: target, norm: norm)
}

extension Problem {
  /// The error of a subset by plain summation.
  func plainError(_ chosen: (Int) -> Bool) -> Double {
    var largest = 0.0
    var squares = 0.0
    for j in 0..<dimension {
      var residual = target[j]
      for i in 0..<count where chosen(i) { residual -= candidates.coordinate(i, j) }
      largest = max(largest, abs(residual))
      squares += residual * residual
    }
    return norm == .maximum ? largest : squares.squareRoot()
  }
}
