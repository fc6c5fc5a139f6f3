import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// Medians of the exact optimum in one dimension for U[-1,1] candidates: number of candidates, half
/// width of the target, median.
private let knownMedians: [(n: Int, half: Double, median: Double)] = [
  (10, 0.1, 1.14e-3), (15, 0.1, 4.4e-5), (20, 0.1, 1.6e-6), (10, 1, 1.33e-3), (15, 1, 4.9e-5), (20, 1, 1.75e-6),
]
private let medianTrials = 4000
/// Half a unit of the last digit that the medians are given with, relative to them.
private let givenDigits = 0.031

/// First-hit statistics for n = 15, ε = 0.01, z ~ U(-1,1), sizes up to 9.
private struct FirstHitRow: Sendable {
  var products: Bool
  var meanError: Double
  var failures: Double
  var meanSize: Double
}
private let firstHitRows = [
  FirstHitRow(products: false, meanError: 5.47e-3, failures: 0.00405, meanSize: 2.296),
  FirstHitRow(products: true, meanError: 1.22e-2, failures: 0.0348, meanSize: 2.466),
]
private let sizeShares = [0.0100, 0.1378, 0.4487, 0.3578, 0.0413, 0.0036, 0.0006]
private let firstHitTrials = 15000

@Suite struct PublishedNumbersTests {
  /// The errors are nearly exponential, so the median of T draws has the standard error median/(ln
  /// 2·√T).
  @Test(arguments: knownMedians.indices) func optimaInOneDimensionHaveTheKnownMedians(row: Int) throws {
    let known = knownMedians[row]
    var numbers = TestNumbers(state: UInt64(row) + 77)
    var errors: [Double] = []
    for _ in 0..<medianTrials {
      let rows = try Matrix<Double>(rows: known.n, columns: 1, values: (0..<known.n).map { _ in numbers.unit() })
      let problem = try Problem(
        candidates: Candidates(rows), target: [known.half * numbers.unit()], norm: .maximum)
      errors.append(try MeetInTheMiddle().solve(problem, control: RunControl()).error)
    }
    errors.sort()
    let median = (errors[medianTrials / 2 - 1] + errors[medianTrials / 2]) / 2
    let tolerance = 3 / (0.6931 * Double(medianTrials).squareRoot()) + givenDigits
    #expect(abs(median / known.median - 1) <= tolerance, "n = \(known.n): median \(median)")
  }

  @Test(arguments: [0, 1]) func firstHitsHaveThePublishedStatistics(row: Int) throws {
    let known = firstHitRows[row]
    var numbers = TestNumbers(state: UInt64(row) + 5)
    var (errors, squares, sizes, sizeSquares, failures) = (0.0, 0.0, 0.0, 0.0, 0.0)
    var counts = [Double](repeating: 0, count: 16)
    let solver = FirstHitBySize(tolerance: 0.01, maximumSize: 9)
    for _ in 0..<firstHitTrials {
      let values = (0..<15).map { _ in known.products ? numbers.unit() * numbers.unit() : numbers.unit() }
      let rows = try Matrix<Double>(rows: 15, columns: 1, values: values)
      let problem = try Problem(candidates: Candidates(rows), target: [numbers.unit()], norm: .maximum)
      let found = try solver.solve(problem, control: RunControl())
      let size = Double(found.subset.count)
      errors += found.error
      squares += found.error * found.error
      sizes += size
      sizeSquares += size * size
      failures += found.error > 0.01 ? 1 : 0
      counts[found.subset.count] += 1
    }
    let trials = Double(firstHitTrials)
    func check(_ label: String, _ mean: Double, _ meanSquare: Double, _ expected: Double, digit: Double) {
      let standardError = ((meanSquare - mean * mean) / trials).squareRoot()
      #expect(abs(mean - expected) <= 3 * standardError + digit, "\(label): \(mean), known \(expected)")
    }
    check("error", errors / trials, squares / trials, known.meanError, digit: known.products ? 5e-5 : 5e-6)
    check("size", sizes / trials, sizeSquares / trials, known.meanSize, digit: 5e-4)
    check("failures", failures / trials, failures / trials, known.failures, digit: 5e-6)
    if known.products { return }
    for (size, share) in sizeShares.enumerated() {
      check("share of size \(size)", counts[size] / trials, counts[size] / trials, share, digit: 5e-5)
    }
  }
}
