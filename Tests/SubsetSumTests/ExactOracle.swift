import LinearAlgebra
import SubsetSum

/// The tests' own brute force: every subset's residual by compensated sums, and every norm by its
/// formula.
struct BruteForce {
  let problem: Problem
  /// Each admissible mask with its error.
  let errors: [(mask: Int, error: Double)]
  /// The largest |z| + Σ|x| of a coordinate, which rounding is relative to.
  let spread: Double
  var best: Double { errors.map(\.error).min()! }

  /// - Precondition: few candidates.
  init(_ problem: Problem) {
    self.problem = problem
    let (n, m) = (problem.count, problem.dimension)
    let rows = (0..<n * m).map { problem.candidates.coordinate($0 / m, $0 % m) }
    var spread = 0.0
    for j in 0..<m {
      spread = max(spread, (0..<n).reduce(abs(problem.target[j])) { $0 + abs(rows[$1 * m + j]) })
    }
    self.spread = spread
    var residual = problem.target
    var errors: [(mask: Int, error: Double)] = []
    errors.reserveCapacity(1 << n)
    for mask in 0..<1 << n where problem.size ?? mask.nonzeroBitCount == mask.nonzeroBitCount {
      for j in 0..<m {
        var (sum, correction) = (problem.target[j], 0.0)
        for i in 0..<n where mask >> i & 1 == 1 {
          let term = -rows[i * m + j]
          let next = sum + term
          // Dekker's error term, by magnitudes.
          correction += abs(sum) >= abs(term) ? (sum - next) + term : (term - next) + sum
          sum = next
        }
        residual[j] = sum + correction
      }
      errors.append((mask, Self.measure(residual, problem.norm)))
    }
    self.errors = errors
  }

  static func measure(_ r: [Double], _ norm: Norm) -> Double {
    switch norm {
    case .maximum: return r.reduce(0) { max($0, abs($1)) }
    case .euclidean: return r.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .metric:
      // The metrics of these tests are those of `TestNorm`.
      let y = r.indices.map { i in (i..<r.count).reduce(0.0) { $0 + TestNorm.factor($1, i) * r[$1] } }
      return y.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .rowSums(let sums):
      var (up, down) = ([Double](repeating: 0, count: r.count), [Double](repeating: 0, count: r.count))
      for j in r.indices {
        up[sums.blocks[j]] += max(0, sums.weights[j] * r[j])
        down[sums.blocks[j]] += max(0, -sums.weights[j] * r[j])
      }
      return zip(up, down).map { sums.sides == .both ? $0 + $1 : max($0, $1) }.max() ?? 0
    }
  }
}

/// The norms that tests run over.
enum TestNorm: CaseIterable {
  case maximum, euclidean, metric, rowSums, largerRowSums

  /// Entry (i, j) of the metrics' Cholesky factor, a fixed lower triangular matrix.
  static func factor(_ i: Int, _ j: Int) -> Double {
    i < j ? 0 : i == j ? 1 + 0.25 * Double(i) : 0.5 - 0.125 * Double(i + j)
  }

  func norm(_ m: Int) throws -> Norm {
    switch self {
    case .maximum: return .maximum
    case .euclidean: return .euclidean
    case .metric:
      let entries = (0..<m * m).map { Self.factor($0 / m, $0 % m) }
      return .metric(try Metric(choleskyFactor: try Matrix<Double>(rows: m, columns: m, values: entries)))
    case .rowSums, .largerRowSums:
      return .rowSums(
        try RowSums(
          blocks: (0..<m).map { $0 % 2 }, weights: (0..<m).map { 0.75 + 0.5 * Double($0 % 3) },
          sides: self == .rowSums ? .both : .larger))
    }
  }
}

/// Elements of a mask, ascending.
func elements(_ mask: Int) -> [Int] { (0..<Int.bitWidth - 1).filter { mask >> $0 & 1 == 1 } }
