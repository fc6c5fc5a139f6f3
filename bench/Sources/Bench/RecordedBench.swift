import Foundation
import LinearAlgebra
import NumericalVerification

/// What `make bench-shapes` writes: searches with the calls of BLAS that they make.
struct RecordedSearches: Codable {
  struct Shape: Codable, Hashable {
    /// N or T for each operand that may be transposed.
    let transposes: String
    let m: Int
    let n: Int
    let k: Int
    let calls: Int
    let seconds: Double
  }
  struct Routine: Codable {
    let routine: String
    let calls: Int
    let seconds: Double
    let operations: Double
    let distinctShapes: Int
    /// Those of most seconds.
    let shapes: [Shape]
  }
  struct Search: Codable {
    let name: String
    let command: String
    let seconds: Double
    /// The part of its seconds that the process had a core.
    let coreHad: Double
    /// Parts of its seconds inside BLAS and LAPACK, and inside GEMM alone.
    let blasShare: Double
    let gemmShare: Double
    /// Operations there over all its seconds, and over those there, in 10⁹ a second.
    let blasGflops: Double
    let gflopsInside: Double?
    /// Whose count of what is scored: the solver's own, or that of the products seen.
    let countedBy: String
    /// Two operations a candidate coordinate scored, in 10⁹ a second.
    let scoredGflops: Double
    let flipsPerSecond: Double
    let solver: String?
    let routines: [Routine]
  }
  let commit: String
  let runs: [Search]

  init(contentsOf path: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }
}

/// The products that searches ask for, as recorded from them: `multiply` beside a bare call, on one
/// thread as searches run them.
struct RecordedBench {
  let timing: Timing
  let machine: Machine
  let searches: RecordedSearches
  /// Shapes of a routine and search that are timed at most, and the least part of the search's
  /// seconds inside BLAS that they take.
  static let mostShapes = 3
  static let leastShare = 0.02

  private struct Call: Hashable {
    let routine: String
    let transposes: String
    let m: Int
    let n: Int
    let k: Int
  }

  func rows() throws -> [Row] {
    var calls: [(call: Call, origins: [String])] = []
    for search in searches.runs {
      let inside = search.routines.reduce(0) { $0 + $1.seconds }
      for routine in search.routines where ["sgemm", "dgemm", "sgemv", "dgemv"].contains(routine.routine) {
        for shape in routine.shapes.prefix(Self.mostShapes) where shape.seconds >= Self.leastShare * inside {
          let call = Call(
            routine: routine.routine, transposes: shape.transposes, m: shape.m, n: shape.n, k: shape.k)
          let origin = String(
            format: "%@: %d calls, %.0f %%", search.name, shape.calls, 100 * shape.seconds / max(inside, 1e-12))
          if let place = calls.firstIndex(where: { $0.call == call }) {
            calls[place].origins.append(origin)
          } else {
            calls.append((call, [origin]))
          }
        }
      }
    }
    return try calls.map { call, origins in
      var row = call.routine.hasPrefix("s") ? try row(call, Float.self) : try row(call, Double.self)
      row.origin = origins.joined(separator: "; ")
      return row
    }
  }

  private func row<Scalar: BenchScalar>(_ call: Call, _ type: Scalar.Type) throws -> Row {
    call.routine.hasSuffix("gemv") ? try vectorRow(call, type) : try matrixRow(call, type)
  }

  private func values<Scalar: BenchScalar>(_ count: Int, _ step: Int) -> [Scalar] {
    PreparedLayer.values(count, step).map { Scalar($0) }
  }

  private func matrixRow<Scalar: BenchScalar>(_ call: Call, _ type: Scalar.Type) throws -> Row {
    let (m, n, k) = (call.m, call.n, call.k)
    let isTransposed = call.transposes.map { $0 == "T" }
    let (ta, tb) = (isTransposed[0], isTransposed[1])
    let a = try Matrix<Scalar>(rows: ta ? k : m, columns: ta ? m : k, values: values(m * k, 7919))
    let b = try Matrix<Scalar>(rows: tb ? n : k, columns: tb ? k : n, values: values(k * n, 104_729))
    var result = try Matrix<Scalar>(rows: m, columns: n)
    let shape = "\(m) × \(n) × \(k), \(call.transposes)"
    return try a.withView { stored in
      let a = ta ? stored.transposed : stored
      return try b.withView { storedB in
        let b = tb ? storedB.transposed : storedB
        let row = try result.withMutableView { c in
          try timed(
            call, shape, operations: 2 * Double(m) * Double(n) * Double(k), type,
            { try multiply(a, b, into: c) },
            {
              Scalar.bareGEMM(
                ta ? 1 : 0, tb ? 1 : 0, Int32(m), Int32(n), Int32(k), stored.baseAddress!, storedB.baseAddress!,
                c.baseAddress!)
            })
        }
        return try checked(row, a, b, &result)
      }
    }
  }

  private func vectorRow<Scalar: BenchScalar>(_ call: Call, _ type: Scalar.Type) throws -> Row {
    let (m, n) = (call.m, call.n)
    let isTransposed = call.transposes == "T"
    let a = try Matrix<Scalar>(rows: m, columns: n, values: values(m * n, 7919))
    let x = try Matrix<Scalar>(
      rows: isTransposed ? m : n, columns: 1, values: values(isTransposed ? m : n, 104_729))
    var result = try Matrix<Scalar>(rows: isTransposed ? n : m, columns: 1)
    let shape = "\(m) × \(n) by a vector, \(call.transposes)"
    return try a.withView { stored in
      let a = isTransposed ? stored.transposed : stored
      return try x.withView { x in
        let vector = UnsafeBufferPointer(start: x.baseAddress, count: x.rows)
        let row = try result.withMutableView { y in
          let output = UnsafeMutableBufferPointer(start: y.baseAddress, count: y.rows)
          return try timed(
            call, shape, operations: 2 * Double(m) * Double(n), type,
            { try multiply(a, vector: vector, into: output) },
            {
              Scalar.bareGEMV(
                isTransposed ? 1 : 0, Int32(m), Int32(n), stored.baseAddress!, x.baseAddress!, y.baseAddress!)
            })
        }
        return try checked(row, a, x, &result)
      }
    }
  }

  private func timed<Scalar: BenchScalar>(
    _ call: Call, _ shape: String, operations: Double, _ type: Scalar.Type, _ ours: @escaping () throws -> Void,
    _ bare: @escaping () throws -> Void
  ) throws -> Row {
    var peak = 0.0
    let seconds = try BLASLibrary.withThreads(1) {
      try timing.alternate([ours, bare, { peak = MachinePeak.bout(Scalar.self, workers: 1) }])
    }
    return Row(
      operation: "recorded \(call.routine)", shape: shape, seconds: seconds,
      fullSpeed: machine.fullSpeed(Scalar.self, threads: 1, peak, seconds[2]), operations: operations, type: type,
      threads: 1, residual: .infinity, limit: 1, scratchBytes: 0)
  }

  /// The row with the residual of one more product, over memory that held no number.
  private func checked<Scalar: BenchScalar>(
    _ row: Row, _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, _ result: inout Matrix<Scalar>
  ) throws -> Row {
    var row = row
    try result.withMutableView { c in
      c.baseAddress!.update(repeating: .nan, count: c.rows * c.columns)
      try multiply(a, b, into: c)
    }
    let ratio = try result.withView { try checkProduct(a, b, is: $0, by: .randomised(vectors: 1)).worstRatio }
    (row.residual, row.passes) = (ratio, ratio <= 1)
    return row
  }
}
