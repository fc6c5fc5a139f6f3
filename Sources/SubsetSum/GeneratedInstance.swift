import LinearAlgebra
import RandomStreams

/// Random problems of a known law, addressed by (dimension, count, seed): what solvers are compared on.
///
/// Candidate i is the NSN vector u_i·V_i, all of u and V independent N(0,1) rounded to Float32: u is entry i of the stream of
/// path (filter 0, channel 1), V_ij entry i·m + j of path (filter 0, channel 2), and z_j = half of entry j of the symmetric uniforms of
/// path (filter 0, channel 3), so uniform in (−1/2, 1/2); layer is 0 in all. NumPy makes the same (`StreamAddress`, `NormalStream`).
public enum GeneratedInstance {
  /// The first `targetCount` targets of (dimension, seed): entry t·m + j of the stream is coordinate j of target t, so that target 0 is the problem's.
  ///
  /// - Precondition: sizes ≥ 0.
  public static func targets(dimension m: Int, count targetCount: Int, seed: UInt64) -> [[Double]] {
    let address = StreamAddress(seed: seed, path: StreamPath(channel: 3))
    return (0..<targetCount).map { t in
      (0..<m).map { UniformStream.symmetricValue(at: address, entry: t * m + $0) / 2 }
    }
  }

  /// Cost: n·(m + 1) normals and 4·n·(m + 1) bytes.
  ///
  /// - Throws: `SubsetSumError.invalidOption` for negative sizes, `LinearAlgebraError` for sizes that overflow.
  public static func problem(
    dimension m: Int, count n: Int, seed: UInt64, norm: Norm, size: Int? = nil
  ) throws -> Problem {
    guard m >= 0, n >= 0 else {
      throw SubsetSumError.invalidOption(
        solver: "generated instance", option: "dimension and count", expected: "sizes ≥ 0", found: "\(m) and \(n)")
    }
    func address(_ channel: UInt64) -> StreamAddress {
      StreamAddress(seed: seed, path: StreamPath(channel: channel))
    }
    let scales = [Float](unsafeUninitializedCapacity: n) { buffer, initialized in
      NormalStream.fill(UnsafeMutableBufferPointer(rebasing: buffer[..<n]), at: address(1))
      initialized = n
    }
    let vectors = try Matrix<Float>(rows: n, columns: m) { NormalStream.fill($0, at: address(2)) }
    let target = targets(dimension: m, count: 1, seed: seed)[0]
    return try Problem(
      candidates: try Candidates(scales: scales, vectors: vectors), target: target, norm: norm, size: size,
      validatesCandidates: false)
  }
}
