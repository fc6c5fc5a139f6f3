import Dispatch
import LinearAlgebra
import Testing

/// A thread count that nothing else in the process sees.
private final class Count: @unchecked Sendable {
  private let lock = DispatchSemaphore(value: 1)
  private var value: Int32
  private(set) var changes = 0

  init(_ value: Int32) { self.value = value }

  var current: Int32 {
    lock.wait()
    defer { lock.signal() }
    return value
  }

  func set(_ value: Int32) {
    lock.wait()
    defer { lock.signal() }
    self.value = value
    changes += 1
  }

  var scopes: BLASThreadScopes { BLASThreadScopes(count: { self.current }, setCount: { self.set($0) }) }
}

@Suite struct BLASThreadScopesTests {
  private struct Failure: Error {}

  @Test func theSmallestOpenScopeHoldsAndTheHostsCountComesBack() throws {
    let count = Count(6)
    let scopes = count.scopes
    scopes.with(4, policy: .scoped) {
      #expect(count.current == 4)
      scopes.with(1, policy: .scoped) { #expect(count.current == 1) }
      #expect(count.current == 4)
      scopes.with(5, policy: .scoped) { #expect(count.current == 4) }
    }
    #expect(count.current == 6)
    #expect(throws: Failure.self) { try scopes.with(2, policy: .scoped) { throw Failure() } }
    #expect(count.current == 6)
    // What the host sets between scopes is what it gets back.
    count.set(3)
    scopes.with(1, policy: .scoped) { #expect(count.current == 1) }
    #expect(count.current == 3)
  }

  @Test func theHostsPolicyLeavesItsCountAlone() throws {
    let count = Count(6)
    let scopes = count.scopes
    #expect(scopes.with(1, policy: .host) { count.current } == 6)
    #expect(count.changes == 0)
    // Neither does it end a scope of others that is open.
    scopes.with(2, policy: .scoped) {
      scopes.with(1, policy: .host) { #expect(count.current == 2) }
      #expect(count.current == 2)
    }
    #expect(count.current == 6)
  }

  /// Tasks, also those that tasks start, run under the policy of whoever called.
  @Test func workersTakeTheirCallersPolicy() throws {
    for policy in [BLASThreadPolicy.host, .scoped] {
      try BLASLibrary.$threadPolicy.withValue(policy) {
        let seen = try Workers.map(count: 6, workers: 3) { _ in
          let inner = try Workers.map(count: 2, workers: 2) { _ in BLASLibrary.threadPolicy }
          return inner + [BLASLibrary.threadPolicy]
        }
        #expect(seen.allSatisfy { $0 == [policy, policy, policy] })
      }
    }
    #expect(BLASLibrary.threadPolicy == .scoped)
  }

  @Test func theKindOfThreadsIsThatOfTheBuild() {
    let configuration = BLASLibrary.configuration
    #expect((BLASLibrary.threading == .openMP) == configuration.contains("USE_OPENMP"))
    #expect((BLASLibrary.threading == .serial) == configuration.contains("SINGLE_THREADED"))
    #expect(BLASLibrary.threads >= 1)
  }

  /// Products of integers are exact, so a product that another thread disturbs is seen.
  @Test func productsOnManyThreadsDoNotDisturbEachOther() throws {
    let order = 40
    let wrong = try Workers.map(count: 24, workers: 8) { task in
      var numbers = TestNumbers(state: UInt64(task))
      let a: Matrix<Float> = try random(order, order, integers: true, &numbers)
      let b: Matrix<Float> = try random(order, order, integers: true, &numbers)
      var c = try Matrix<Float>(rows: order, columns: order)
      try a.withView { a in try b.withView { b in try c.withMutableView { try multiply(a, b, into: $0) } } }
      let expected = a.withView { a in b.withView { plainProduct(a, $0) } }
      return MatrixDifference(c.values, expected).differing
    }
    #expect(wrong.allSatisfy { $0 == 0 })
  }
}

@Suite struct WorkerNumberTests {
  @Test func tooFewWorkersOrTasksAreNamed() throws {
    for workers in [0, -3] {
      let error = LinearAlgebraError.outOfRange("workers", expected: "at least 1", found: workers)
      #expect(throws: error) { try Workers.forEach(count: 1, workers: workers) { _, _ in } }
      #expect(throws: error) { try Workers.map(count: 2, workers: workers) { $0 } }
      #expect(throws: error) { try Workers.require(workers) }
      #expect(error.description == "workers: expected at least 1, found \(workers)")
    }
    #expect(throws: LinearAlgebraError.outOfRange("tasks", expected: "at least 0", found: -1)) {
      try Workers.forEach(count: -1, workers: 1) { _, _ in }
    }
    try Workers.forEach(count: 0, workers: 0) { _, _ in Issue.record("there is no task") }
  }
}
