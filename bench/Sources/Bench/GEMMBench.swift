import BenchKernels
import LinearAlgebra
import NumericalVerification

/// What the two element types need for a bare call.
protocol BenchScalar: BLASScalar {
  static func bareGEMM(
    _ transposeA: Int32, _ transposeB: Int32, _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Self>,
    _ b: UnsafePointer<Self>, _ c: UnsafeMutablePointer<Self>)
  static func bareGEMV(
    _ transpose: Int32, _ m: Int32, _ n: Int32, _ a: UnsafePointer<Self>, _ x: UnsafePointer<Self>,
    _ y: UnsafeMutablePointer<Self>)
}
extension Float: BenchScalar {
  static func bareGEMM(
    _ transposeA: Int32, _ transposeB: Int32, _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>
  ) { bench_bare_sgemm(transposeA, transposeB, m, n, k, a, b, c) }
  static func bareGEMV(
    _ transpose: Int32, _ m: Int32, _ n: Int32, _ a: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) { bench_bare_sgemv(transpose, m, n, a, x, y) }
}
extension Double: BenchScalar {
  static func bareGEMM(
    _ transposeA: Int32, _ transposeB: Int32, _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Double>,
    _ b: UnsafePointer<Double>, _ c: UnsafeMutablePointer<Double>
  ) { bench_bare_dgemm(transposeA, transposeB, m, n, k, a, b, c) }
  static func bareGEMV(
    _ transpose: Int32, _ m: Int32, _ n: Int32, _ a: UnsafePointer<Double>, _ x: UnsafePointer<Double>,
    _ y: UnsafeMutablePointer<Double>
  ) { bench_bare_dgemv(transpose, m, n, a, x, y) }
}

/// `multiply` beside one bare cblas call of the same shape, in the same rounds.
struct GEMMBench {
  let timing: Timing
  let machine: Machine

  /// (name, m, n, k): square, small ones too; skinny. What searches ask for is recorded from them
  /// (`RecordedBench`).
  static let shapes: [(String, Int, Int, Int)] =
    [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048].map { ("square", $0, $0, $0) } + [
      ("skinny", 4096, 8, 512), ("skinny", 8, 4096, 512), ("inner", 32, 32, 16384), ("outer", 1024, 1024, 8),
    ]

  func rows<Scalar: BenchScalar>(_ type: Scalar.Type, threads: Int) throws -> [Row] {
    try Self.shapes.map { name, m, n, k in
      func matrix(_ rows: Int, _ columns: Int, _ step: Int) throws -> Matrix<Scalar> {
        try Matrix(rows: rows, columns: columns, values: PreparedLayer.values(rows * columns, step).map { Scalar($0) })
      }
      let (a, b) = (try matrix(m, k, 7919), try matrix(k, n, 104_729))
      // Both sides write the same memory: where it lies makes some products a fifth slower.
      let result = UnsafeMutablePointer<Scalar>.allocate(capacity: m * n)
      defer { result.deallocate() }
      let (seconds, peak) = try a.withView { a in
        try b.withView { b in
          let c = MutableMatrixView(result, rows: m, columns: n)
          var peak = 0.0
          let seconds = try BLASLibrary.withThreads(threads) {
            try timing.alternate([
              { try multiply(a, b, into: c) },
              { Scalar.bareGEMM(0, 0, Int32(m), Int32(n), Int32(k), a.baseAddress!, b.baseAddress!, result) },
              { peak = MachinePeak.bout(Scalar.self, workers: threads) },
            ])
          }
          result.initialize(repeating: .nan, count: m * n)
          try multiply(a, b, into: c)
          return (seconds, peak)
        }
      }
      let found = try Matrix(rows: m, columns: n, values: Array(UnsafeBufferPointer(start: result, count: m * n)))
      let check = try checkProduct(a, b, is: found, by: .randomised(vectors: 1))
      var row = Row(
        operation: "gemm " + name, shape: "\(m) × \(n) × \(k)", seconds: seconds,
        fullSpeed: machine.fullSpeed(Scalar.self, threads: threads, peak, seconds[2]),
        operations: 2 * Double(m) * Double(n) * Double(k), type: type, threads: threads,
        residual: check.worstRatio, limit: 1, scratchBytes: 0)
      if name == "square" && m <= 128 {
        row.nanosecondsOverBare = Row.Quartiles(of: zip(seconds[0], seconds[1]).map { 1e9 * ($0 - $1) })
      }
      return row
    }
  }
}

extension Row {
  /// A row from the seconds of its rounds, those of a bare GEMM, and operations a second at full
  /// speed, round by round.
  init<Scalar: BLASScalar>(
    operation: String, shape: String, seconds: [[Double]], fullSpeed: [Double], operations: Double,
    type: Scalar.Type, threads: Int, residual: Double, limit: Double, scratchBytes: Int
  ) {
    let rates = seconds[0].map { operations / $0 / 1e9 }
    let ofPeak = zip(seconds[0], fullSpeed).map { 100 * (operations / $0) / $1 }
    self.init(
      operation: operation, shape: shape, type: "\(type)", threads: threads, median: Quartiles(of: rates).median,
      best: rates.max()!, percentOfPeak: Quartiles(of: ofPeak).median,
      percentOfBareGEMM: Quartiles(of: zip(seconds[0], seconds[1]).map { 100 * $1 / $0 }), residual: residual,
      passes: residual <= limit, scratchBytes: scratchBytes)
  }
}
