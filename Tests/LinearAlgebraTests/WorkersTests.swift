import Dispatch
import Glibc
import LinearAlgebra
import Synchronization
import Testing

/// Serialised: these set BLAS's process-wide thread count.
@Suite(.serialized) struct WorkersTests {
  /// In a process of its own, as other suites hold BLAS to one thread now and then.
  @Test func everyTaskRunsOnceAndHostThreadsComeBack() async {
    await #expect(processExitsWith: .success) {
      let host = BLASLibrary.threads
      for workers in [1, 2, 5] {
        // As many runs as tasks, and every task among them: each has run once.
        let runs = Atomic<Int>(0)
        let seen = Atomic<UInt64>(0)
        try Workers.forEach(count: 64, workers: workers) { task, worker in
          #expect(BLASLibrary.threads == 1)
          #expect(worker < workers)
          runs.add(1, ordering: .relaxed)
          seen.bitwiseOr(1 << UInt64(task), ordering: .relaxed)
        }
        #expect(runs.load(ordering: .relaxed) == 64)
        #expect(seen.load(ordering: .relaxed) == .max)
      }
      #expect(BLASLibrary.threads == host)
    }
  }

  @Test func theLowestFailedTaskIsReported() {
    struct Failure: Error, Equatable { var task: Int }
    #expect(throws: Failure(task: 3)) {
      try Workers.forEach(count: 50, workers: 1) { task, _ in if task % 4 == 3 { throw Failure(task: task) } }
    }
  }

  @Test func theSmallestOpenScopeHolds() async {
    await #expect(processExitsWith: .success) {
      let host = BLASLibrary.threads
      BLASLibrary.withThreads(1) {
        BLASLibrary.withThreads(2) { #expect(BLASLibrary.threads == 1) }
        #expect(BLASLibrary.threads == 1)
      }
      BLASLibrary.withThreads(2) { BLASLibrary.withThreads(1) { #expect(BLASLibrary.threads == 1) } }
      #expect(BLASLibrary.threads == host)
    }
  }

  /// Calls close by find the threads looking for work, calls far apart find them asleep.
  @Test(arguments: [0, 2_000] as [useconds_t]) func callsAreCompleteWhateverLiesBetweenThem(pause: useconds_t) throws {
    for _ in 0..<(pause == 0 ? 2_000 : 50) {
      let sum = Atomic<Int>(0)
      try Workers.forEach(count: 7, workers: 3) { task, _ in sum.add(task + 1, ordering: .relaxed) }
      #expect(sum.load(ordering: .relaxed) == 28)
      if pause > 0 { usleep(pause) }
    }
  }

  @Test func tasksLongerThanThreadsWaitAreAwaited() throws {
    let ended = Atomic<Int>(0)
    try Workers.forEach(count: 4, workers: 2) { task, _ in
      usleep(task == 1 ? 20_000 : 1_000)
      ended.add(1, ordering: .relaxed)
    }
    #expect(ended.load(ordering: .relaxed) == 4)
  }

  @Test func callsInsideTasksAndBesideEachOtherAreComplete() throws {
    let sum = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      try? Workers.forEach(count: 20, workers: 2) { _, _ in
        try Workers.forEach(count: 5, workers: 2) { _, _ in sum.add(1, ordering: .relaxed) }
      }
    }
    #expect(sum.load(ordering: .relaxed) == 400)
  }

  /// The second call runs once, whether a thread takes it or the caller has to.
  @Test func bothCallsAreMade() throws {
    for pause in [0, 0, 0, 500] as [useconds_t] {
      for _ in 0..<200 {
        let runs = Atomic<Int>(0)
        let counted: @Sendable () -> Int = { runs.add(1, ordering: .relaxed).newValue }
        let (one, two) = try Workers.both(
          {
            usleep(pause); return "one"
          }, beside: counted)
        #expect(one == "one" && two == 1 && runs.load(ordering: .relaxed) == 1)
      }
    }
    // The first may share its work meanwhile.
    let (sum, other) = try Workers.both {
      let sum = Atomic<Int>(0)
      try Workers.forEach(count: 100, workers: 3) { task, _ in sum.add(task, ordering: .relaxed) }
      return sum.load(ordering: .relaxed)
    } beside: {
      try Workers.map(count: 10, workers: 2) { $0 }
    }
    #expect(sum == 4950 && other == Array(0..<10))
  }

  /// Swift ends a process in which a closure lives on that was not to escape.
  @Test func noCallIsHeldOnceItHasEnded() throws {
    func add(_ body: @Sendable () -> Int, after pause: useconds_t) throws -> Int {
      try withoutActuallyEscaping(body) { body in
        try Workers.both({ usleep(pause) }, beside: body).1
      }
    }
    for turn in 0..<2_000 as Range<useconds_t> { #expect(try add({ 7 }, after: turn % 40) == 7) }
  }

  @Test func theFirstErrorIsThrownAfterBothHaveEnded() {
    struct Failure: Error, Equatable { var call: Int }
    for _ in 0..<100 {
      let open = Atomic<Int>(0)
      let second: @Sendable () throws -> Void = {
        open.add(1, ordering: .relaxed)
        usleep(100)
        open.subtract(1, ordering: .relaxed)
        throw Failure(call: 2)
      }
      #expect(throws: Failure(call: 1)) {
        try Workers.both(
          {
            usleep(50); throw Failure(call: 1)
          }, beside: second)
      }
      #expect(open.load(ordering: .relaxed) == 0)
      #expect(throws: Failure(call: 2)) { try Workers.both({ usleep(50) }, beside: second) }
    }
  }

  @Test func theLibraryNamesItsCore() {
    #expect(!BLASLibrary.coreName.isEmpty)
    #expect(BLASLibrary.configuration.contains("OpenBLAS"))
  }
}

@Suite struct MatrixDifferenceTests {
  @Test func itFindsTheWorstEntry() {
    let difference = MatrixDifference([1.0, 2.5, 3], [1.0, 2, 4] as [Float])
    #expect(difference.largestAbsolute == 1)
    #expect(difference.worstIndex == 2)
    #expect(difference.differing == 2)
    #expect(difference.largestExpected == 4)
    #expect(MatrixDifference([Double.nan], [1.0]).largestAbsolute == .infinity)
    #expect(!MatrixDifference([Double.nan], [1.0]).isWithin(1e300))
    #expect(MatrixDifference([Double](), [Double]()).isWithin(0))
  }
}
