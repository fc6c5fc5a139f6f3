import LinearAlgebra
import RunControl
import SubsetSum
import Testing

@Suite struct RoundingTests {
  /// The rule as it is stated, with a linear solve for every candidate instead of an inverse for
  /// every stretch. For n ≤ 4m all candidates take part.
  private func reference(_ problem: Problem) -> [Int] {
    let (n, m) = (problem.count, problem.dimension)
    func row(_ i: Int) -> [Double] { (0..<m).map { problem.candidates.coordinate(i, $0) } }
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    let order = (0..<n).sorted { (dot(row($0), row($0)), $0) < (dot(row($1), row($1)), $1) }
    var residual = problem.target
    var subset: [Int] = []
    var undecided = n
    while undecided > 0 {
      let end = undecided * 3 / 4
      let known = max(1, end)
      var matrix = [[Double]](repeating: [Double](repeating: 0, count: m), count: m)
      for k in 0..<known {
        let x = row(order[k])
        for i in 0..<m { for j in 0..<m { matrix[i][j] += x[i] * x[j] } }
      }
      let ridge = (0..<m).reduce(0) { $0 + matrix[$1][$1] } / Double(known)
      for i in 0..<m { matrix[i][i] += ridge }
      for i in stride(from: undecided - 1, through: end, by: -1) {
        let x = row(order[i])
        var wanted = residual
        for j in 0..<m { wanted[j] -= x[j] / 2 }
        for k in 0..<i { for (j, value) in row(order[k]).enumerated() { wanted[j] -= value / 2 } }
        if dot(x, eliminated(matrix, wanted)) > 0 {
          subset.append(order[i])
          for j in 0..<m { residual[j] -= x[j] }
        }
      }
      undecided = end
    }
    return subset.sorted()
  }

  /// A⁻¹·b by elimination with pivots.
  private func eliminated(_ a: [[Double]], _ b: [Double]) -> [Double] {
    var (a, b) = (a, b)
    let m = b.count
    for c in 0..<m {
      let pivot = (c..<m).max { abs(a[$0][c]) < abs(a[$1][c]) }!
      a.swapAt(c, pivot)
      b.swapAt(c, pivot)
      for r in c + 1..<max(m, c + 1) {
        let factor = a[r][c] / a[c][c]
        for k in c..<m { a[r][k] -= factor * a[c][k] }
        b[r] -= factor * b[c]
      }
    }
    for c in stride(from: m - 1, through: 0, by: -1) {
      for k in c + 1..<max(m, c + 1) { b[c] -= a[c][k] * b[k] }
      b[c] /= a[c][c]
    }
    return b
  }

  @Test func decisionsAreThoseOfTheRule() throws {
    for (n, m) in [(1, 1), (4, 1), (12, 3), (30, 9), (60, 17)] {
      for seed in 0..<4 as Range<UInt64> {
        for dense in [false, true] {
          let problem = try scaledNormals(n, m, seed: seed, dense: dense)
          let expected = reference(problem)
          let found = try FractionalRounding().solve(problem, control: RunControl())
          let error = problem.plainError { expected.contains($0) }
          #expect(found.subset == (error < found.emptySetError ? expected : []), "n \(n), m \(m), seed \(seed)")
        }
      }
    }
  }

  /// The error follows the m-th shortest of n vectors, whose norm is about √m·1.25·m/n.
  @Test func onlyTheShortestCarryTheError() throws {
    for (n, m) in [(2000, 4), (4000, 9), (20_000, 25)] {
      for seed in 0..<3 as Range<UInt64> {
        let problem = try scaledNormals(n, m, seed: seed)
        let found = try FractionalRounding().solve(problem, control: RunControl())
        let shortest = 1.25 * Double(m * m) / Double(n)
        #expect(found.euclideanError < 1.5 * shortest, "n \(n), m \(m): \(found.euclideanError), \(shortest)")
        #expect(found.stop == nil && !found.isOptimal && found.work > 0)
      }
    }
  }

  @Test func sizesAreKept() throws {
    for (n, m) in [(20, 2), (300, 5)] {
      for size in [0, 1, 2, n / 10, n / 2, n - 1, n] {
        for norm in try allNorms(m, seed: 3) {
          let plain = try scaledNormals(n, m, seed: 4)
          let problem = try Problem(candidates: plain.candidates, target: plain.target, norm: norm, size: size)
          let found = try FractionalRounding().solve(problem, control: RunControl())
          let first = try Checker.solution(Claim(subset: Array(0..<size)), for: problem)
          #expect(found.subset.count == size && found.error <= first.error)
        }
      }
    }
  }

  @Test func zeroVectorsChangeNothing() throws {
    var numbers = TestNumbers(state: 1)
    let rows = (0..<40).map { i in (0..<3).map { _ in i % 2 == 0 ? 0 : numbers.normal() } }
    let matrix = try Matrix<Double>(rows: 40, columns: 3, values: rows.flatMap { $0 })
    let found = try FractionalRounding().solve(
      Problem(candidates: Candidates(matrix), target: [1, 2, -1], norm: .euclidean), control: RunControl())
    #expect(found.subset.allSatisfy { $0 % 2 == 1 } && found.error < found.emptySetError)
  }
}
