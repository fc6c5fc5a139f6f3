import RunControl

/// How the subsets of a beam get their last candidates: several at once.
///
/// In up to 12 dimensions many states meet the shortest sums of up to five candidates in cells
/// (`SumLists`, `BeamCells`), where every state meets most of the sums that nearly cancel it.
/// Otherwise they meet sums of two candidates in a screen (`BeamCompletion`), and the beam goes on
/// to its last level.
final class BeamEndings {
  /// The number of states from which on cells pay.
  private static let leastForCells = 1 << 14
  /// How many candidates a join in cells adds to subsets of a fixed size.
  private static let joined = (fewest: 3, most: 5)

  private let problem: Problem
  private let workers: Int
  private let most: Int?
  private let completion: BeamCompletion
  private let lists: SumLists

  /// - Parameters:
  ///   - problem: in plain form, with candidates by ascending norm.
  ///   - rows: the problem's candidates, which must outlive this.
  init(_ problem: Problem, _ rows: CandidateRows, width: Int, workers: Int) {
    self.problem = problem
    self.workers = workers
    most = Self.mostJoined(problem, width: width)
    completion = BeamCompletion(problem, rows, width: width, workers: workers)
    lists = SumLists(rows, workers: workers)
  }

  /// The most candidates that cells add; nil where there are no cells.
  private static func mostJoined(_ problem: Problem, width: Int) -> Int? {
    guard problem.dimension <= BeamCells.largestDimension, width >= leastForCells else { return nil }
    guard let size = problem.size else { return problem.count > 2 * joined.fewest ? joined.fewest : nil }
    return size >= 2 * joined.fewest ? min(joined.most, size / 2) : nil
  }

  /// Bytes for the endings of `width` states.
  static func bytes(_ problem: Problem, width: Int) -> Int {
    guard let most = mostJoined(problem, width: width) else { return BeamCompletion.bytes(problem, width: width) }
    return width * most * SumLists.bytesEach(dimension: problem.dimension) + BeamCells.bytes(count: width)
  }

  /// How many candidates are to be added at once to states that lack `remaining` of the size looked
  /// for, which is the problem's or that of the best subset so far; none where states are only
  /// extended.
  func added(remaining: Int, isFixed: Bool) -> [Int] {
    let fewest = most == nil ? BeamCompletion.added : Self.joined.fewest
    let largest = most ?? fewest
    if !isFixed { return (1...4).contains(remaining) ? [largest] : [] }
    return (fewest...largest).contains(remaining) ? [remaining] : []
  }

  /// Whether states that lack so many candidates of a fixed size need not be extended any more.
  func areDone(remaining: Int) -> Bool { most != nil && remaining <= Self.joined.fewest }

  /// The best subset met that has `added` candidates more than the states, if its error is below
  /// `limit`.
  ///
  /// - Parameters:
  ///   - expansion: the run's own, which makes sums while no children are waiting in it.
  ///   - work: the units that a screen may spend.
  func best(
    _ states: BeamStates, added: Int, _ expansion: BeamExpansion, below limit: Double, work: UInt64,
    _ meter: inout WorkMeter
  ) throws -> (error: Double, subset: [Int])? {
    guard let most else { return try completion.best(states, below: limit, work: work, &meter) }
    guard try lists.extend(to: most, expansion, &meter) else { return nil }
    return try BeamCells(problem, lists.lists[added - 1], workers: workers).best(states, below: limit, &meter)
  }
}
