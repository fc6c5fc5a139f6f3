import CTombola
import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Testing
import TombolaC

/// Calls through C: what is wrong is said with its parts, and results are those of Swift.
@Suite struct CallTests {
  /// An array over memory that lives as long as the test needs it.
  private static func array<Value>(
    _ values: UnsafeMutableBufferPointer<Value>, _ type: Int, _ shape: [Int], strides: [Int]? = nil, from start: Int = 0
  ) -> tombola_array {
    var dense = [Int](repeating: MemoryLayout<Value>.size, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) { dense[axis] = dense[axis + 1] * shape[axis + 1] }
    var result = tombola_array()
    result.data = UnsafeRawPointer(values.baseAddress.map { $0 + start })
    (result.type, result.rank) = (Int32(type), Int32(shape.count))
    withUnsafeMutableBytes(of: &result.shape) {
      $0.copyBytes(from: shape.map { Int64($0) }.withUnsafeBytes { Array($0) })
    }
    withUnsafeMutableBytes(of: &result.strides) {
      $0.copyBytes(from: (strides ?? dense).map { Int64($0) }.withUnsafeBytes { Array($0) })
    }
    return result
  }

  private static func memory<Value>(_ values: [Value]) -> UnsafeMutableBufferPointer<Value> {
    let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: max(1, values.count))
    _ = buffer.initialize(from: values)
    return UnsafeMutableBufferPointer(rebasing: buffer[..<values.count])
  }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

  private static let rows: [Double] = [1, 2, 3, -1, -2, 4, 5, 1]

  /// Solves the problem of four rows for a target.
  private static func solve(
    _ candidates: tombola_array, _ target: tombola_array, solver: String? = nil, run: tombola_run? = nil,
    _ change: (inout tombola_problem) -> Void = { _ in }
  ) -> (status: Int32, subset: [Int], solution: tombola_solution) {
    var problem = tombola_problem()
    (problem.candidates, problem.target) = (candidates, target)
    change(&problem)
    var subset = [Int64](repeating: -1, count: 64)
    var (solution, given) = (tombola_solution(), run ?? tombola_run())
    let status = tombola_solve(&problem, solver, &given, &subset, &solution)
    return (status, subset.prefix(Int(solution.size)).map { Int($0) }, solution)
  }

  @Test func stridesOfAllSortsGiveTheSameSubset() throws {
    let target = Self.memory([2.0, 5.0])
    let dense = Self.memory(Self.rows)
    let columns = Self.memory([1.0, 3, -2, 5, 2, -1, 4, 1])
    let spread = Self.memory(Self.rows.flatMap { [$0, .nan] })
    let wanted = Self.array(target, TOMBOLA_FLOAT64, [2])
    for candidates in [
      Self.array(dense, TOMBOLA_FLOAT64, [4, 2]),
      Self.array(columns, TOMBOLA_FLOAT64, [4, 2], strides: [8, 32]),
      Self.array(spread, TOMBOLA_FLOAT64, [4, 2], strides: [32, 16]),
    ] {
      let found = Self.solve(candidates, wanted)
      #expect(found.status == TOMBOLA_DONE && found.subset == [0, 1, 2] && found.solution.error == 0)
    }
    // Backwards, candidates have the opposite numbers.
    let backwards = Self.array(dense, TOMBOLA_FLOAT64, [4, 2], strides: [-16, 8], from: 6)
    #expect(Self.solve(backwards, wanted).subset == [1, 2, 3])
    let single = Self.memory(Self.rows.map { Float($0) })
    #expect(Self.solve(Self.array(single, TOMBOLA_FLOAT32, [4, 2]), wanted).subset == [0, 1, 2])
  }

  @Test(
    arguments: [
      ("solver", "'guess'", "guess", 4, 2), ("target", "(3)", nil, 4, 3), ("candidates", "(4, 0)", nil, 4, 0),
    ] as [(String, String, String?, Int, Int)])
  func badInputIsSaidWithItsParts(place: String, found: String, solver: String?, n: Int, m: Int) {
    let (rows, target) = (Self.memory(Self.rows), Self.memory([2.0, 5.0, 1.0]))
    let wanted = Self.array(target, TOMBOLA_FLOAT64, [place == "target" ? 3 : 2])
    let result = Self.solve(
      Self.array(rows, TOMBOLA_FLOAT64, [n, place == "candidates" ? 0 : 2]), wanted, solver: solver)
    #expect(result.status == TOMBOLA_BAD_INPUT)
    #expect(Self.text(tombola_error_where()) == place)
    #expect(Self.text(tombola_error_found()) == found)
    #expect(!Self.text(tombola_error_expected()).isEmpty)
    #expect(Self.text(tombola_error_message()).hasPrefix("\(place): expected "))
    #expect(Self.text(tombola_error_kind()) == "OptionError")
  }

  @Test func nullPointersAndForeignTypesAreRefused() {
    let (rows, target) = (Self.memory(Self.rows), Self.memory([2.0, 5.0]))
    let wanted = Self.array(target, TOMBOLA_FLOAT64, [2])
    #expect(tombola_solve(nil, nil, nil, nil, nil) == TOMBOLA_BAD_INPUT)
    #expect(Self.solve(Self.array(rows, 9, [4, 2]), wanted).status == TOMBOLA_BAD_INPUT)
    #expect(Self.solve(Self.array(rows, TOMBOLA_INT64, [4, 2]), wanted).status == TOMBOLA_BAD_INPUT)
    #expect(Self.text(tombola_error_found()) == "elements of type int64")
    #expect(Self.solve(tombola_array(), wanted).status == TOMBOLA_BAD_INPUT)
    #expect(Self.solve(Self.array(rows, TOMBOLA_FLOAT64, [1 << 40, 1 << 40]), wanted).status == TOMBOLA_BAD_INPUT)
    let short = Self.solve(
      Self.array(rows, TOMBOLA_FLOAT64, [4, 2]), wanted,
      run: tombola_run(
        work_limit: 0, time_limit: -1, memory_limit: 0, threads: 0, stops_on_interrupt: 0, progress: nil, context: nil))
    #expect(short.status == TOMBOLA_BAD_INPUT && Self.text(tombola_error_where()) == "time_limit")
    #expect(Self.solve(Self.array(rows, TOMBOLA_FLOAT64, [4, 2]), wanted).status == TOMBOLA_DONE)
    #expect(Self.text(tombola_error_message()) == "")
  }

  /// Each thread has its own last error, whatever others do meanwhile.
  @Test func errorsAreOfTheirThread() {
    let places = Guarded([Int: String]())
    DispatchQueue.concurrentPerform(iterations: 64) { number in
      var shapes = [Int64](repeating: 0, count: 6)
      for _ in 0..<50 {
        var place = 0.0
        let status =
          number % 2 == 0
          ? tombola_reachable_error(Int64(-number - 1), 1, -1, nil, &place)
          : tombola_network_shapes(nil, &shapes, nil)
        guard status == TOMBOLA_BAD_INPUT else { continue }
        places.withLock { $0[number] = Self.text(tombola_error_found()) }
      }
    }
    places.withLock { places in
      #expect(places.count == 64)
      for (number, found) in places { #expect(found == (number % 2 == 0 ? "\(-number - 1)" : "null")) }
    }
  }

  @Test func progressMayStopARunWithItsBestSoFar() throws {
    let (n, m) = (300, 20)
    var (scales, vectors) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n * m))
    var target = [Double](repeating: 0, count: m)
    #expect(tombola_make_instance(Int64(m), Int64(n), 3, &scales, &vectors, &target) == TOMBOLA_DONE)
    let (rows, factors, wanted) = (Self.memory(vectors), Self.memory(scales), Self.memory(target))
    var run = tombola_run()
    run.time_limit = 120
    run.progress = { progress, context in
      guard let progress, String(cString: progress.pointee.phase) != "" else { return 0 }
      context?.assumingMemoryBound(to: Int32.self).pointee += 1
      return 1
    }
    var calls: Int32 = 0
    let began = ContinuousClock.now
    let found = withUnsafeMutablePointer(to: &calls) { calls in
      run.context = UnsafeMutableRawPointer(calls)
      return Self.solve(
        Self.array(rows, TOMBOLA_FLOAT32, [n, m]), Self.array(wanted, TOMBOLA_FLOAT64, [m]), solver: "beam", run: run
      ) { $0.scales = Self.array(factors, TOMBOLA_FLOAT32, [n]) }
    }
    #expect(found.status == TOMBOLA_INTERRUPTED && calls == 1)
    #expect(found.solution.stop == Int32(TOMBOLA_CANCELLED) && found.solution.error > 0)
    #expect(ContinuousClock.now - began < .seconds(60))
  }

  @Test func threadsSolveAtATimeWhatSwiftSolvesAlone() throws {
    let expected = try (0..<16).map { seed in
      let problem = try GeneratedInstance.problem(dimension: 3, count: 40, seed: UInt64(seed), norm: .maximum)
      return try BeamSearch().solve(problem, control: RunControl(limits: Limits(work: 500_000)))
    }
    let found = Guarded([Int: (Double, [Int])]())
    DispatchQueue.concurrentPerform(iterations: 16) { seed in
      var (scales, vectors) = ([Float](repeating: 0, count: 40), [Float](repeating: 0, count: 120))
      var target = [Double](repeating: 0, count: 3)
      _ = tombola_make_instance(3, 40, UInt64(seed), &scales, &vectors, &target)
      var run = tombola_run()
      run.work_limit = 500_000
      let result = Self.solve(
        Self.array(Self.memory(vectors), TOMBOLA_FLOAT32, [40, 3]),
        Self.array(Self.memory(target), TOMBOLA_FLOAT64, [3]), solver: "beam", run: run
      ) { $0.scales = Self.array(Self.memory(scales), TOMBOLA_FLOAT32, [40]) }
      found.withLock { $0[seed] = (result.solution.error, result.subset) }
    }
    found.withLock { found in
      for seed in 0..<16 {
        #expect(found[seed]?.0 == expected[seed].error)
        #expect(found[seed]?.1 == expected[seed].subset)
      }
    }
  }
}
