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
