import LinearAlgebra
import RunControl

extension Problem {
  /// Magnitudes of candidates for which squares and cubes of sums, and their reciprocals, are
  /// normal numbers.
  static let ordinaryMagnitudes = 0x1p-200...0x1p200
  /// A target that is so many times as long as all candidates together is at the same distance from
  /// all subsets, but for rounding.
  static let farTarget = 0x1p54

  /// Whether solvers can work with numbers of these sizes as they are: in the coordinates in which
  /// the norm is plain, the largest candidate is within `ordinaryMagnitudes` and the target is not
  /// beyond `farTarget`.
  ///
  /// - Parameter largest: no coordinate of a candidate is larger.
  static func isOrdinary(_ candidates: Candidates, largest: Double, target: [Double], norm: Norm)
    -> Bool
  {
    if candidates.count == 0 || target.isEmpty { return true }
    let farthest = target.reduce(0) { max($0, abs($1)) }
    func isOrdinary(_ largest: Double, _ farthest: Double) -> Bool {
      if largest == 0 { return farthest == 0 || ordinaryMagnitudes.contains(farthest) }
      return ordinaryMagnitudes.contains(largest)
        && farthest <= farTarget * Double(candidates.count) * largest
    }
    guard isOrdinary(largest, farthest) else { return false }
    if norm.isPlain { return true }
    // Of transformed candidates the largest possible coordinate is compared, of the target the true
    // one.
    var columns = [Double](repeating: 0, count: candidates.dimension)
    candidates.withRows { rows in
      for i in 0..<rows.count {
        for j in columns.indices { columns[j] = max(columns[j], abs(rows.coordinate(i, j))) }
      }
    }
    let moved = norm.transformed(target).reduce(0) { max($0, abs($1)) }
    return isOrdinary(norm.magnitudes(of: columns).max() ?? 0, moved)
  }

  /// The same problem with ordinary magnitudes, or nil where it has them. Cost: n·m, in a metric
  /// n·m²/2, and 8·n·m bytes.
  func moderated() throws -> Moderation? { isOrdinary ? nil : try Moderation(self) }
}

/// Candidates of extreme magnitudes in plain form and in other units, in which their largest
/// coordinate is between 1 and 2.
///
/// Units are powers of two, so numbers lose only what is 2⁻⁶⁰⁰ of the largest candidate or less.
struct ModerateForm {
  let candidates: Candidates
  /// The norm of the plain coordinates.
  let norm: Norm
  /// A length here is 2^exponent times the length in the original.
  let exponent: Int
  /// The original's norm in moderate units, and the exponents of the units before and after it is
  /// applied.
  private let original: Norm
  private let before: Int
  private let after: Int

  /// - Throws: `LinearAlgebraError` for sizes that overflow.
  init(_ candidates: Candidates, _ norm: Norm) throws {
    let (n, m) = (candidates.count, candidates.dimension)
    let first = -Moderation.exponent(candidates.largestCoordinate())
    let (moderate, second) = try norm.moderated()
    let untargeted = Problem(
      known: try candidates.scaled(by: first), target: [Double](repeating: 0, count: m),
      norm: moderate, isOrdinary: true)
    let plain = n == 0 ? untargeted : try untargeted.plainForm(RunControl())
    let third = -Moderation.exponent(plain.candidates.largestCoordinate())
    self.candidates = third == 0 ? plain.candidates : try plain.candidates.scaled(by: third)
    self.norm = plain.norm
    exponent = first + second + third
    (original, before, after) = (moderate, first, third)
  }

  /// A target in these coordinates and units; nil for one so far away that no subset is closer than
  /// another by more than rounding.
  func target(_ target: [Double]) -> [Double]? {
    let largest = candidates.largestCoordinate()
    let beyond = 0x1p300
    var moved = target.map { scaled($0, by: before) }
    if moved.allSatisfy({ abs($0) <= beyond }) {
      moved = original.transformed(moved)
    } else {
      moved = original.transformed(target).map { max(-beyond, min(beyond, scaled($0, by: before))) }
    }
    moved = moved.map { scaled($0, by: after) }
    let farthest = moved.reduce(0) { max($0, abs($1)) }
    return largest > 0 && farthest <= Problem.farTarget * Double(candidates.count) * largest
      ? moved : nil
  }
}

/// A problem of extreme magnitudes in moderate form. Solvers look for a subset there, which is then
/// checked in the problem as it was given.
struct Moderation {
  private let original: Problem
  /// Nil where the target is so far that no subset is closer than another by more than rounding.
  private let problem: Problem?
  /// An error in `problem` is 2^exponent times the error in the original.
  private let exponent: Int

  fileprivate init(_ original: Problem) throws {
    self.original = original
    let form = try ModerateForm(original.candidates, original.norm)
    exponent = form.exponent
    // A penalty is a square of lengths, and stays finite.
    let penalty = min(
      .greatestFiniteMagnitude, SubsetSum.scaled(original.sizePenalty, by: 2 * form.exponent))
    problem = form.target(original.target).map {
      Problem(
        known: form.candidates, target: $0, norm: form.norm, size: original.size,
        sizePenalty: penalty, isOrdinary: true)
    }
  }

  static func exponent(_ magnitude: Double) -> Int {
    magnitude > 0 && magnitude.isFinite ? Int(magnitude.exponent) : 0
  }

  /// A length of the original in the units of the moderate problem.
  func length(_ value: Double) -> Double { SubsetSum.scaled(value, by: exponent) }

  /// What a solver finds, checked in the original problem.
  ///
  /// - Parameter isExact: whether the solver proves that no subset is closer.
  func solution(by solver: some Solver, isExact: Bool = false, control: RunControl) throws
    -> Solution
  {
    guard let problem else { return try nearest(solver.name, isExact: isExact) }
    return try restored(try solver.solve(problem, control: control))
  }

  /// What a search finds, each solution checked in the original problem.
  func solutions(
    _ name: String, isExact: Bool = false, _ search: (Problem) throws -> [Solution]
  ) throws -> [Solution] {
    guard let problem else { return [try nearest(name, isExact: isExact)] }
    return try search(problem).map(restored)
  }

  /// The subsets within a tolerance, each checked in the original problem.
  func listing(
    within tolerance: Double, _ search: (Problem, _ tolerance: Double) throws -> SubsetListing
  ) throws -> SubsetListing {
    guard let problem else {
      let least = try nearest("listing", isExact: true)
      if tolerance < least.error * (1 - 0x1p-50) {
        return SubsetListing(solutions: [], isComplete: true, stop: nil, work: 0)
      }
      throw SubsetSumError.unsupported(
        solver: "listing",
        expected:
          "a tolerance below the target's length, as all subsets are about that far from it",
        found: "\(tolerance)")
    }
    let found = try search(problem, length(tolerance))
    return SubsetListing(
      solutions: try found.solutions.map(restored), isComplete: found.isComplete, stop: found.stop,
      work: found.work)
  }

  private func nearest(_ name: String, isExact: Bool) throws -> Solution {
    try Checker.solution(
      Claim(subset: original.defaultSubset, isOptimal: isExact, solver: name), for: original)
  }

  private func restored(_ found: Solution) throws -> Solution {
    var claim = Claim(
      subset: found.subset, isOptimal: found.isOptimal, stop: found.stop,
      evaluations: found.evaluations,
      work: found.work, solver: found.solver)
    claim.lowerBound = SubsetSum.scaled(found.lowerBound, by: -exponent)
    return try Checker.solution(claim, for: original)
  }
}

extension Candidates {
  /// The largest magnitude of a coordinate. Cost: n·m.
  fileprivate func largestCoordinate() -> Double {
    withRows { rows in
      (0..<count).reduce(0.0) { largest, i in
        (0..<dimension).reduce(largest) { max($0, abs(rows.coordinate(i, $1))) }
      }
    }
  }

  /// The candidates with all coordinates multiplied by 2^exponent, in Float64.
  fileprivate func scaled(by exponent: Int) throws -> Candidates {
    try withRows { rows in
      Candidates(
        try Matrix<Double>(rows: count, columns: dimension) { entries in
          for i in 0..<count {
            for j in 0..<dimension {
              entries[i * dimension + j] = SubsetSum.scaled(rows.coordinate(i, j), by: exponent)
            }
          }
        })
    }
  }
}

extension Norm {
  /// The norm in units in which its largest weight is between 1 and 2, and the exponent of those
  /// units.
  fileprivate func moderated() throws -> (norm: Norm, exponent: Int) {
    switch self {
    case .maximum, .euclidean: return (self, 0)
    case .metric(let metric):
      let exponent = -Moderation.exponent(metric.largestEntry)
      return (.metric(metric.scaled(by: exponent)), exponent)
    case .rowSums(let sums):
      let exponent = -Moderation.exponent(sums.weights.max() ?? 0)
      return (.rowSums(sums.scaled(by: exponent)), exponent)
    }
  }
}
