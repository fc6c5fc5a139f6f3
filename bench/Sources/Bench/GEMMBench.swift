import BenchKernels
import LinearAlgebra

/// What the two element types need for a bare call.
protocol BenchScalar: BLASScalar {
  static func bareGEMM(
    _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
    _ c: UnsafeMutablePointer<Self>)
}
extension Float: BenchScalar {
  static func bareGEMM(
    _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>
  ) { bench_bare_sgemm(m, n, k, a, b, c) }
}
extension Double: BenchScalar {
  static func bareGEMM(
    _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
    _ c: UnsafeMutablePointer<Double>
  ) { bench_bare_dgemm(m, n, k, a, b, c) }
}

/// Verdicts on results.
enum Check {
  /// What error over k · eps · sizes may reach, as LAPACK's own tests have it.
  static let limit = 30.0

  /// ‖C·t − A·(B·t)‖∞ / (k · eps · ‖A‖∞ · ‖B‖∞ · ‖t‖∞), all in Float64: O(n²) work.
  static func product<Scalar: BenchScalar>(
    _ a: [Scalar], _ b: [Scalar], _ c: [Scalar], m: Int, n: Int, k: Int
  ) -> Double {
    let t = (0..<n).map { Double(($0 * 7919 + 3) % 17) / 8 - 1 }
    func times(_ x: [Scalar], _ rows: Int, _ columns: Int, _ vector: [Double]) -> (product: [Double], norm: Double) {
      var product: [Double] = []
      var norm = 0.0
      for row in 0..<rows {
        var sum = 0.0
        var size = 0.0
        for column in 0..<columns {
          let value = Double(x[row * columns + column])
          sum += value * vector[column]
          size += abs(value)
        }
        product.append(sum)
        norm = max(norm, size)
      }
      return (product, norm)
    }
    let right = times(b, k, n, t)
    let expected = times(a, m, k, right.product)
    let found = times(c, m, n, t).product
    let error = zip(expected.product, found).map { abs($0 - $1) }.max() ?? 0
    let size = Double(k) * Double(Scalar.ulpOfOne) * expected.norm * right.norm
    return size > 0 ? error / size : error
  }
}

/// `multiply` beside one bare cblas call of the same shape, in the same rounds.
struct GEMMBench {
  let timing: Timing

  /// (name, m, n, k): square; skinny; small; candidates × directions, as scoring has them.
  static let shapes: [(String, Int, Int, Int)] =
    [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048].map { ("square", $0, $0, $0) } + [
      ("skinny", 4096, 8, 512), ("skinny", 8, 4096, 512), ("inner", 32, 32, 16384), ("outer", 1024, 1024, 8),
      ("scoring", 16384, 64, 72), ("scoring", 16384, 64, 144), ("scoring", 65536, 1, 144),
    ]

  func rows<Scalar: BenchScalar>(_ type: Scalar.Type, threads: Int) throws -> [Row] {
    try Self.shapes.map { name, m, n, k in
      func values(_ count: Int, _ step: Int) -> [Scalar] {
        (0..<count).map { Scalar(Float(($0 &* step) % 1001) / 500 - 1) }
      }
      let (a, b) = (values(m * k, 7919), values(k * n, 104_729))
      var ours = [Scalar](repeating: 0, count: m * n)
      var bare = ours
      var peak = 0.0
      let seconds = try BLASLibrary.withThreads(threads) {
        try ours.withUnsafeMutableBufferPointer { ours in
          try bare.withUnsafeMutableBufferPointer { bare in
            try a.withUnsafeBufferPointer { a in
              try b.withUnsafeBufferPointer { b in
                let (left, right) = (a.baseAddress!, b.baseAddress!)
                let (mine, plain) = (ours.baseAddress!, bare.baseAddress!)
                return try timing.alternate([
                  {
                    try multiply(
                      MatrixView(left, rows: m, columns: k), MatrixView(right, rows: k, columns: n),
                      into: MutableMatrixView(mine, rows: m, columns: n))
                  }, { Scalar.bareGEMM(Int32(m), Int32(n), Int32(k), left, right, plain) },
                  { peak = MachinePeak.bout(Scalar.self, workers: threads) },
                ])
              }
            }
          }
        }
      }
      let residual = Check.product(a, b, ours, m: m, n: n, k: k)
      var row = Row(
        operation: "gemm " + name, shape: "\(m) × \(n) × \(k)", seconds: seconds, peakOperations: peak,
        operations: 2 * Double(m) * Double(n) * Double(k), type: type, threads: threads, residual: residual,
        scratchBytes: 0)
      if name == "square" && m <= 128 {
        row.nanosecondsOverBare = Row.Quartiles(of: zip(seconds[0], seconds[1]).map { 1e9 * ($0 - $1) })
      }
      return row
    }
  }
}

extension Row {
  /// A row from the seconds of its rounds, those of a bare GEMM, and those of `peakOperations` at full speed.
  init<Scalar: BenchScalar>(
    operation: String, shape: String, seconds: [[Double]], peakOperations: Double, operations: Double,
    type: Scalar.Type, threads: Int, residual: Double?, scratchBytes: Int
  ) {
    let rates = seconds[0].map { operations / $0 / 1e9 }
    let ofPeak = zip(seconds[0], seconds[2]).map { 100 * (operations / $0) / (peakOperations / $1) }
    self.init(
      operation: operation, shape: shape, type: "\(type)", threads: threads, median: Quartiles(of: rates).median,
      best: rates.max()!, percentOfPeak: Quartiles(of: ofPeak).median,
      percentOfBareGEMM: Quartiles(of: zip(seconds[0], seconds[1]).map { 100 * $1 / $0 }), residual: residual,
      passes: residual.map { $0 < Check.limit }, scratchBytes: scratchBytes)
  }
}
