import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Synchronization
import Testing

/// A clock that moves on by a millisecond with each reading, so that a time limit strikes at a
/// given question.
private final class TickingClock: Sendable {
  private let start = ContinuousClock.now
  private let ticks = Atomic<Int>(0)

  var readings: Int { ticks.load(ordering: .relaxed) }

  func read() -> ContinuousClock.Instant {
    start.advanced(by: .milliseconds(ticks.add(1, ordering: .relaxed).newValue))
  }

  /// A run that is to stop at its question number `questions`, counted from 1. The reading of its
  /// start does not count.
  func control(questions: Int, cancellation: Cancellation = Cancellation()) -> RunControl {
    RunControl(limits: Limits(seconds: Double(questions) / 1000), cancellation: cancellation, clock: read)
  }
}

/// A solver and problems that it takes.
private struct Case: Sendable, CustomTestStringConvertible {
  let solver: any Solver
  /// (m, n, k); k is nil for subsets of any size.
  let small: (Int, Int, Int?)
  /// Problems that are too large to be finished in the time of these tests.
  let large: [(Int, Int, Int?)]

  var testDescription: String { solver.name }

  static let all = [
    Case(solver: Exhaustive(), small: (3, 14, nil), large: [(20, 30, nil), (20, 30, 15)]),
    Case(solver: MeetInTheMiddle(), small: (3, 20, nil), large: [(4, 48, nil), (1, 50, nil), (4, 44, 22)]),
    Case(solver: FourLists(), small: (1, 20, nil), large: [(1, 60, nil), (1, 60, 30)]),
    Case(solver: CellSweep(), small: (3, 20, nil), large: [(8, 56, nil), (20, 64, nil), (8, 52, 20)]),
    Case(solver: PairwiseSearch(), small: (9, 18, nil), large: [(8, 40, nil), (40, 38, nil)]),
    Case(solver: KList(), small: (3, 60, nil), large: [(2, 100, nil), (9, 1000, nil)]),
    Case(solver: BeamSearch(), small: (4, 60, 8), large: [(9, 1000, nil), (9, 1000, 12), (100, 20000, 20)]),
    Case(solver: GreedyFlips(), small: (6, 200, nil), large: [(300, 20000, nil)]),
    Case(solver: GreedyFlipsReference(), small: (6, 200, nil), large: [(100, 5000, nil)]),
    Case(solver: IteratedGreedy(), small: (6, 200, nil), large: [(25, 1000, nil), (100, 20000, nil)]),
    Case(solver: FractionalRounding(), small: (9, 400, nil), large: [(300, 20000, nil), (300, 20000, 40)]),
    Case(solver: Exchange(), small: (9, 400, 20), large: [(25, 1000, nil), (300, 20000, 40)]),
    Case(
      solver: PopulationSearch(), small: (9, 40, nil),
      large: [(9, 250, nil), (72, 1900, nil), (300, 20000, nil)]),
    Case(solver: ForwardGreedy(), small: (9, 400, 20), large: [(300, 20000, nil)]),
    Case(solver: Portfolio(), small: (9, 400, nil), large: [(2, 100, nil), (300, 20000, nil), (100, 20000, 20)]),
    Case(solver: FirstHitBySize(tolerance: 0, maximumSize: 40), small: (3, 14, nil), large: [(8, 40, nil)]),
  ]

  static func problem(_ shape: (Int, Int, Int?)) throws -> Problem {
    try GeneratedInstance.problem(dimension: shape.0, count: shape.1, seed: 5, norm: .maximum, size: shape.2)
  }
}

/// The time that a core has spent on the thread that makes one, read by any thread while that one
/// lives.
private struct ThreadTime {
  private let clock: clockid_t
  private let start: Double

  init() {
    var clock = clockid_t()
    precondition(pthread_getcpuclockid(pthread_self(), &clock) == 0, "a thread has a clock")
    self.clock = clock
    start = Self.reading(clock)
  }

  var seconds: Double { Self.reading(clock) - start }

  private static func reading(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}

/// Time limits and cancellations of every solver: it returns soon, with something to show and the
/// right reason.
@Suite struct TimeLimitTests {
  /// Seconds of its thread's time in which a stopped run is back, however many programs share the
  /// cores. k-lists and meetings in the middle that ask too seldom take twice as long.
  private static let patience = 5.0

  /// Expects what a stopped run owes: a subset of the size asked for, no worse than any single
  /// candidate.
  private func expectSomething(_ found: Solution, _ problem: Problem, _ comment: String) {
    #expect(!found.isOptimal, "\(comment)")
    #expect(found.subset.count == problem.size ?? found.subset.count, "\(comment)")
    if problem.size != nil { return }
    // The problems here have the max norm.
    var least = found.emptySetError
    for i in 0..<problem.count {
      var largest = 0.0
      for j in 0..<problem.dimension {
        largest = max(largest, abs(problem.target[j] - problem.candidates.coordinate(i, j)))
        if largest >= least { break }
      }
      least = min(least, largest)
    }
    #expect(found.error <= least * (1 + 1e-12), "\(comment)")
  }

  /// A run stops well whatever question the time limit strikes at.
  @Test(arguments: Case.all) fileprivate func stopsAtAnyQuestion(_ chosen: Case) throws {
    let problem = try Case.problem(chosen.small)
    var stops = 0
    for questions in [1, 2, 3, 4, 6, 9, 14, 21, 32, 48, 100, 400] {
      let clock = TickingClock()
      let found = try chosen.solver.solve(problem, control: clock.control(questions: questions))
      if found.stop == nil { break }
      stops += 1
      let comment = "\(chosen.solver.name), question \(questions)"
      #expect(found.stop == .timeLimit, "\(comment)")
      #expect(clock.readings <= questions + 40, "\(comment): asked \(clock.readings) times")
      expectSomething(found, problem, comment)
    }
    #expect(stops > 0)
  }

  @Test(arguments: Case.all) fileprivate func aTimeLimitEndsWhatIsTooLarge(_ chosen: Case) throws {
    for shape in chosen.large {
      let problem = try Case.problem(shape)
      let time = ThreadTime()
      let found = try chosen.solver.solve(problem, control: RunControl(limits: Limits(seconds: 0.1)))
      let seconds = time.seconds
      let comment = "\(chosen.solver.name) \(shape)"
      #expect(seconds < Self.patience, "\(comment): \(seconds) s")
      // A fast machine may finish the problem, which is no fault.
      guard found.stop != nil else { continue }
      #expect(found.stop == .timeLimit, "\(comment)")
      expectSomething(found, problem, comment)
    }
  }

  @Test(arguments: Case.all) fileprivate func aCancellationEndsWhatIsTooLarge(_ chosen: Case) throws {
    for shape in chosen.large {
      let problem = try Case.problem(shape)
      let control = RunControl()
      let time = ThreadTime()
      let cancelled = Mutex<Double?>(nil)
      // A thread of its own, as those that tests share may all be busy with solvers.
      Thread.detachNewThread {
        Thread.sleep(forTimeInterval: 0.1)
        cancelled.withLock { $0 = time.seconds }
        control.cancellation.cancel()
      }
      let found = try chosen.solver.solve(problem, control: control)
      let comment = "\(chosen.solver.name) \(shape)"
      // Where the thread comes late, a default work limit may strike first.
      guard let stop = found.stop, stop != .workLimit else { continue }
      let spent = try #require(cancelled.withLock { $0 }, "\(comment): \(stop)")
      let seconds = time.seconds - spent
      #expect(seconds < Self.patience, "\(comment): \(seconds) s")
      #expect(stop == .cancelled, "\(comment)")
      expectSomething(found, problem, comment)
    }
  }

  @Test func aTimeLimitTakesThePlaceOfDefaultWorkLimits() throws {
    #expect(Limits().work(orDefault: 7) == 7)
    #expect(Limits(work: 3).work(orDefault: 7) == 3)
    #expect(Limits(work: 3, seconds: 1).work(orDefault: 7) == 3)
    #expect(Limits(seconds: 1).work(orDefault: 7) == .max)
    // Kicks go on until the time is up. Without a time limit there are 300.
    let problem = try Case.problem((6, 200, nil))
    let without = try IteratedGreedy().solve(problem, control: RunControl())
    let clock = TickingClock()
    let with = try IteratedGreedy().solve(problem, control: clock.control(questions: 200_000))
    #expect(without.stop == nil && with.stop == .timeLimit)
    #expect(with.work > 2 * without.work && with.euclideanError <= without.euclideanError)
    let numbered = try IteratedGreedy(kicks: 300).solve(problem, control: RunControl(limits: Limits(seconds: 3600)))
    #expect(numbered == without)
  }

  /// k-lists grow, and go on with other dealings of the candidates where they cannot grow.
  @Test func kListsGoOnUntilTheTimeIsUp() throws {
    let problem = try Case.problem((3, 60, nil))
    let short = try KList(listBits: 6).solve(problem, control: RunControl())
    let limits = Limits(seconds: 0.2, memoryBytes: 1 << 16)
    let found = try KList().solve(problem, control: RunControl(limits: limits))
    #expect(found.stop == .timeLimit && found.error < short.error)
    // Two lists of all subsets leave nothing more to look at.
    let all = try KList().solve(Case.problem((1, 20, nil)), control: RunControl(limits: Limits(seconds: 5)))
    #expect(all.stop == nil)
  }

  @Test func listingsSaveWhatTheyHave() throws {
    let problem = try Case.problem((4, 48, nil))
    let listing = try MeetInTheMiddle().allSubsets(
      of: problem, within: 1, limit: 10, control: RunControl(limits: Limits(seconds: 0.05)))
    #expect(!listing.isComplete && listing.stop == .timeLimit)
    #expect(!listing.solutions.isEmpty && listing.solutions.allSatisfy { $0.error <= 1 && !$0.isOptimal })
  }

  @Test func sizesOfABeamAreThereWhenItIsStopped() throws {
    let problem = try Case.problem((9, 1000, nil))
    for questions in [1, 5, 50] {
      let sizes = try BeamSearch().bestBySize(problem, control: TickingClock().control(questions: questions))
      let best = try #require(sizes.min { $0.error < $1.error })
      #expect(best.stop == .timeLimit)
      expectSomething(best, problem, "question \(questions)")
      #expect(sizes.map(\.subset.count) == Set(sizes.map(\.subset.count)).sorted())
    }
  }

  @Test func sharedHalvesReturnWhatTheyHave() throws {
    let problem = try Case.problem((3, 32, nil))
    let targets = try GeneratedInstance.targets(dimension: 3, count: 500, seed: 2)
    let whole = try SharedVectorHalves(candidates: problem.candidates, norm: .maximum)
    for questions in [1, 100, 4000] {
      let found = try whole.solve(targets: targets, workers: 1, control: TickingClock().control(questions: questions))
      #expect(found.stop == .timeLimit && (1...targets.count).contains(found.solutions.count))
      #expect(found.solutions.allSatisfy { $0.error <= $0.emptySetError && $0.isOptimal == ($0.stop == nil) })
    }
    // A run is stopped while the tables are made, and another run goes on.
    let stopped = RunControl()
    stopped.cancellation.cancel()
    let empty = try SharedVectorHalves(candidates: problem.candidates, norm: .maximum, control: stopped)
    let none = try empty.solve(targets: Array(targets.prefix(3)), workers: 1, control: stopped)
    #expect(none.stop == .cancelled && none.solutions.allSatisfy { !$0.isOptimal && $0.stop == .cancelled })
    let some = Array(targets.prefix(3))
    let later = try empty.solve(targets: some, workers: 1)
    #expect(try later.solutions == whole.solve(targets: some, workers: 1).solutions)
  }

  /// There are more entries than one piece holds, and many that are nearly equal.
  @Test func sortsAreTheLibrarys() throws {
    var numbers = TestNumbers(state: 9)
    for count in [0, 1, 5, 1 << 14, (1 << 14) + 1, 50_000, 100_003] {
      var values = (0..<count).map { (key: Int(numbers.next() % 1000), place: $0) }
      let expected = values.sorted { ($0.key, $0.place) < ($1.key, $1.place) }.map(\.place)
      try RunControl().sort(&values) { ($0.key, $0.place) < ($1.key, $1.place) }
      #expect(values.map(\.place) == expected)
    }
    let stopped = RunControl()
    stopped.cancellation.cancel()
    var values = Array(0..<100_000)
    #expect(throws: Interruption(reason: .cancelled)) { try stopped.sort(&values, by: >) }
  }
}
