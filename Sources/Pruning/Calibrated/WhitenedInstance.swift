import LinearAlgebra
import RandomStreams
import SubsetSum
import Tickets

/// A block as a subset-sum problem in the geometry that calibration gave it: NSN vectors multiplied by G_iiᵀ, the Euclidean norm.
struct WhitenedInstance {
  let problem: Problem
  /// Filter index q of each candidate, by |u|.
  let filters: [UInt32]

  /// - Parameters:
  ///   - transform: G_iiᵀ, taps × taps, in the random slices' units.
  ///   - target: taps × outputs, already multiplied.
  init(_ address: BlockAddress, in network: RandomNetwork, transform: Matrix<Double>, target: [Double], size: Int?)
    throws
  {
    let block = try RandomBlock(address, in: network)
    filters = block.filters
    problem = try Problem(
      candidates: Candidates(scales: block.scales, vectors: Self.whitened(block.vectors, transform)), target: target,
      norm: .euclidean, size: size, validatesCandidates: false)
  }

  /// V·(G ⊗ 1): one GEMM at one thread. Cost: n·m².
  private static func whitened(_ vectors: Matrix<Float>, _ transform: Matrix<Double>) throws -> Matrix<Float> {
    let (taps, m) = (transform.rows, vectors.columns)
    let outputs = m / taps
    let spread = try Matrix<Float>(rows: m, columns: m) { values in
      values.initialize(repeating: 0)
      for a in 0..<taps {
        for b in 0..<taps {
          for o in 0..<outputs { values[(b * outputs + o) * m + a * outputs + o] = Float(transform[a, b]) }
        }
      }
    }
    var result = try Matrix<Float>(rows: vectors.rows, columns: m)
    try BLASLibrary.withThreads(1) {
      try result.withMutableView { result in
        try vectors.withView { v in try spread.withView { try multiply(v, $0, into: result) } }
      }
    }
    return result
  }
}
