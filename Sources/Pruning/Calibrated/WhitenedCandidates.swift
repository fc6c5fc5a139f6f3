import LinearAlgebra
import RandomStreams
import RunControl
import SubsetSum
import Tickets

/// A block's candidates in the geometry that calibration gave it: NSN vectors multiplied by G_iiᵀ.
struct WhitenedCandidates: Sendable {
  /// By |u|.
  let candidates: Candidates
  /// Filter index q of each candidate.
  let filters: [UInt32]

  /// - Parameter transform: G_iiᵀ, taps × taps, in the random slices' units.
  /// - Throws: `Interruption` when the run must stop.
  init(
    _ address: BlockAddress, in network: RandomNetwork, transform: Matrix<Double>, _ control: RunControl
  ) throws {
    let block = try RandomBlock(address, in: network, control)
    try control.checkInterruption()
    filters = block.filters
    candidates = try Candidates(scales: block.scales, vectors: Self.whitened(block.vectors, transform))
  }

  /// The block as a subset-sum problem in the Euclidean norm.
  ///
  /// - Parameter target: taps × outputs, already multiplied.
  func problem(target: [Double], size: Int?) throws -> Problem {
    try Problem(candidates: candidates, target: target, norm: .euclidean, size: size, validatesCandidates: false)
  }

  func instance(target: [Double], size: Int?) throws -> SearchInstance {
    SearchInstance(problem: try problem(target: target, size: size), filters: filters)
  }

  /// Bytes that a block takes while it is made and searched: slices as they are and multiplied, a
  /// solver's numbers, the spread transform.
  static func bytes(width: Int, layer: LayerGraph.Layer) -> Int {
    BlockInstance.bytes(width: width, layer: layer) + 4 * (width + 6 * Int(Double(width).squareRoot()) + 8)
      * layer.sliceCount
      + 4 * layer.sliceCount * layer.sliceCount
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
