import RandomStreams

/// Laws of random problems in one dimension, addressed by seed and instance: what batches are run
/// on.
///
/// In instance t the candidates come from the symmetric uniforms, U(−1, 1), with path (filter t,
/// channel 4), second factors from channel 5, and the target from entry 0 of the uniforms or
/// normals of channel 6. The layer is 0 in all paths. NumPy makes the same numbers by
/// `StreamAddress`.
public enum InstanceLaw: String, Sendable, CaseIterable {
  /// Candidates U(−1, 1), target U(−1, 1).
  case uniform
  /// Candidates U(−1, 1), target U(−0.1, 0.1).
  case smallTargets = "small-targets"
  /// Candidates that are products of two independent U(−1, 1), target U(−1, 1).
  case products
  /// Candidates U(−1, 1), target normal with deviation 0.05: a stand-in for the weights of a
  /// trained dense layer.
  case weights

  /// What is drawn, in words.
  public var summary: String {
    switch self {
    case .uniform: "candidates U(-1,1), target U(-1,1)"
    case .smallTargets: "candidates U(-1,1), target U(-0.1,0.1)"
    case .products: "candidates U(-1,1)·U(-1,1), target U(-1,1)"
    case .weights: "candidates U(-1,1), target N(0, 0.05²)"
    }
  }

  /// Writes an instance's candidates and returns its target.
  ///
  /// Complexity: about 2 ns an entry; only products allocate memory.
  ///
  /// - Precondition: `instance` ≥ 0.
  public func fill(instance: Int, seed: UInt64, candidates: UnsafeMutableBufferPointer<Double>) -> Double {
    func address(_ channel: UInt64) -> StreamAddress {
      StreamAddress(seed: seed, path: StreamPath(filter: UInt64(instance), channel: channel))
    }
    UniformStream.fillSymmetric(candidates, at: address(4))
    if self == .products {
      withUnsafeTemporaryAllocation(of: Double.self, capacity: candidates.count) { factors in
        UniformStream.fillSymmetric(factors, at: address(5))
        for i in candidates.indices { candidates[i] *= factors[i] }
      }
    }
    switch self {
    case .uniform, .products: return UniformStream.symmetricValue(at: address(6), entry: 0)
    case .smallTargets: return UniformStream.symmetricValue(at: address(6), entry: 0) / 10
    case .weights: return 0.05 * NormalStream.value(at: address(6), entry: 0)
    }
  }
}
