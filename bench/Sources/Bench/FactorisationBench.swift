import LinearAlgebra
import RandomStreams

/// Factorisations through LAPACK, with the copies into its order that the calls make. Operations
/// are the leading terms of LAPACK Working Note 41; for eigenvalues and singular values those of
/// the reduction alone, 4/3·n³ and 8/3·n³.
struct FactorisationBench {
  let timing: Timing
  let machine: Machine
  static let sizes = [64, 512]

  func rows<Scalar: LAPACKScalar>(_ type: Scalar.Type, threads: Int) throws -> [Row] {
    try Self.sizes.flatMap { try rows(type, n: $0, threads: threads) }
  }

  private func rows<Scalar: LAPACKScalar>(_ type: Scalar.Type, n: Int, threads: Int) throws -> [Row] {
    var normals = [Float](repeating: 0, count: n * n)
    normals.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: 1)) }
    let general = try Matrix<Scalar>(rows: n, columns: n, values: normals.map { Scalar($0) })
    // AᵀA + n·I is positive definite.
    var definite = try Matrix<Scalar>(rows: n, columns: n)
    try general.withView { a in
      try definite.withMutableView { try multiply(a.transposed, a, into: $0) }
    }
    for i in 0..<n { definite[i, i] += Scalar(n) }
    let sides = try Matrix<Scalar>(rows: n, columns: 1, values: PreparedLayer.values(n, 31).map { Scalar($0) })
    let cube = Double(n) * Double(n) * Double(n)
    let workspace = Workspace<Scalar>()
    func row(_ name: String, _ operations: Double, _ body: @escaping () throws -> Void) throws -> Row {
      var peak = 0.0
      let seconds = try BLASLibrary.withThreads(threads) {
        try timing.alternate([body, { peak = MachinePeak.bout(Scalar.self, workers: threads) }])
      }
      let rates = seconds[0].map { operations / $0 / 1e9 }
      return Row(
        operation: "lapack " + name, shape: "\(n) × \(n)", type: "\(type)", threads: threads,
        median: Row.Quartiles(of: rates).median, best: rates.max()!,
        percentOfPeak: Row.Quartiles(
          of: zip(seconds[0], machine.fullSpeed(Scalar.self, threads: threads, peak, seconds[1])).map {
            100 * (operations / $0) / $1
          }
        )
        .median)
    }
    return try general.withView { a in
      try definite.withView { spd in
        try sides.withView { b in
          [
            try row("Cholesky", cube / 3) { _ = try Cholesky(of: spd) },
            try row("LU", 2 * cube / 3) { _ = try LU(of: a) },
            try row("QR", 4 * cube / 3) { _ = try QR(of: a, workspace: workspace) },
            try row("least squares", 4 * cube / 3) { _ = try leastSquares(a, b, workspace: workspace) },
            try row("eigenvalues", 4 * cube / 3) { _ = try SymmetricEigen(of: spd, workspace: workspace) },
            try row("SVD", 8 * cube / 3) { _ = try SingularValues(of: a, workspace: workspace) },
          ]
        }
      }
    }
  }
}
