import RunControl
import SubsetSum

/// How the trials of a cell are decided.
public enum SweepMethod: Sendable {
  /// The exact optimum: what exists. Which search finds it is chosen by the cell's size.
  case exact
  /// Whether a subset within each ε exists: the optimum only where it lies between the smallest and
  /// the largest.
  case existence
  /// What a solver finds, which is no statement about existence.
  case solver(any Solver)

  /// `exact`, `exists`, or the solver's name.
  public var name: String {
    switch self {
    case .exact: "exact"
    case .existence: "exists"
    case .solver(let solver): solver.name
    }
  }

  /// The errors between which the optimum is wanted; nil for wherever it is.
  func range(_ epsilons: [Double]) -> ClosedRange<Double>? {
    guard case .existence = self, let least = epsilons.min(), let most = epsilons.max() else { return nil }
    return least...most
  }

  /// Checks that cells of m dimensions and n candidates can be decided this way, before any trial
  /// is run.
  ///
  /// - Throws: `ExperimentError.outOfRange`: more candidates than an exact search takes, or what a
  ///   solver does not take.
  func require(
    _ m: Int, _ n: Int, _ norm: Norm, size: Int?, range: ClosedRange<Double>?
  ) throws(ExperimentError) {
    guard case .solver(let solver) = self else {
      _ = try ExactMethod(dimension: m, count: n, norm: norm, size: size, range: range)
      return
    }
    do { try solver.requireSolvable(ProblemShape(count: n, dimension: m, size: size)) } catch {
      throw .outOfRange(
        quantity: SweepSpecification.Key.solver, expected: "solvers that take all cells",
        found: "for dimension \(m), count \(n): \(error)")
    }
  }
}

/// The choice among exact searches, by size.
///
/// | m | size | n | search |
/// | --- | --- | --- | --- |
/// | 1, max norm | free | up to 40, within a range of errors to 24 | `ExactBatch`, by blocks |
/// | 1 | any | up to 60 | `FourLists`, within a range of errors after a descent that may do |
/// | from 2 | any | 20 to 64, from 8 within a range of errors | `CellSweep` |
/// | else | any | up to 60, in 2 GiB | `MeetInTheMiddle` |
enum ExactMethod: Sendable {
  case batch(ExactBatch)
  case solver(any Solver)

  /// - Throws: `ExperimentError.outOfRange` for more candidates than any search takes.
  init(
    dimension m: Int, count n: Int, norm: Norm, size: Int?, range: ClosedRange<Double>?
  ) throws(ExperimentError) {
    let isFree = size == nil
    let largest: Int
    if m == 1, isFree, norm == .maximum, n <= (range == nil ? ExactBatch.largestCount : 24),
      let batch = try? ExactBatch(count: n)
    {
      self = .batch(batch)
      return
    } else if m == 1, isFree, n >= 8, let range {
      (self, largest) = (.solver(EasyFirst(sufficient: range.lowerBound)), FourLists.largestCount)
    } else if m == 1, n >= 8 {
      (self, largest) = (.solver(FourLists()), FourLists.largestCount)
    } else if m >= 2, n >= (range == nil ? 20 : 8) {
      (self, largest) = (
        .solver(CellSweep(radius: range?.upperBound ?? .infinity, sufficient: range?.lowerBound ?? 0)),
        CellSweep.largestCount
      )
    } else {
      (self, largest) = (
        .solver(MeetInTheMiddle()),
        Self.largest(MeetInTheMiddle.largestCount, MeetInTheMiddle.defaultMemoryLimit) {
          MeetInTheMiddle.neededBytes(count: $0, dimension: m)
        }
      )
    }
    guard n <= largest else {
      throw .outOfRange(
        quantity: SweepSpecification.Key.count,
        expected: "at most \(largest) for solver exact, dimension \(m) and \(isFree ? "any size" : "a fixed size")",
        found: "\(n)")
    }
  }

  /// The most candidates, up to a bound, that fit memory.
  private static func largest(_ bound: Int, _ memory: Int, _ needed: (Int) -> Int) -> Int {
    (0...bound).last { needed($0) <= memory } ?? 0
  }
}

/// A descent, and the optimum in one dimension where that is not enough.
private struct EasyFirst: Solver {
  /// An error that needs no improvement.
  let sufficient: Double
  var name: String { FourLists().name }
  private static let work: UInt64 = 1 << 16

  func solve(_ problem: Problem, control: RunControl) throws -> Solution {
    let share = control.withWork(min(Self.work, (control.limits.work ?? .max) / 16))
    let found = try IteratedGreedy(kicks: 1 << 10).solve(problem, control: share)
    return found.error <= sufficient ? found : try FourLists().solve(problem, control: control)
  }
}
