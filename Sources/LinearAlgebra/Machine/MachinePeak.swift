import MachineKernels

/// What the machine can do at most: fused multiply-adds in registers, with the widest vectors of
/// the CPU.
public enum MachinePeak {
  /// One bout of multiply-adds on `workers` cores at once, about a millisecond, to be timed beside
  /// other work.
  ///
  /// - Returns: the floating-point operations done, two a multiply-add, on all cores together.
  /// - Precondition: `workers` ≥ 1.
  public static func bout<Scalar: BLASScalar>(_ type: Scalar.Type, workers: Int) -> Double {
    bout(type, workers: workers, steps: steps)
  }
  private static let steps = 300_000

  private static func bout<Scalar: BLASScalar>(_ type: Scalar.Type, workers: Int, steps: Int) -> Double {
    @Sendable func loop() -> Double {
      var (single, double) = (Float(0), 0.0)
      let operations =
        Scalar.self == Double.self ? machine_fma_double(steps, &double) : machine_fma_float(steps, &single)
      // The sums are always finite; asking whether they are keeps the compiler from removing the
      // loop.
      return single.isFinite && double.isFinite ? operations : 0
    }
    if workers == 1 { return loop() }
    // The loop throws nothing, so there is always a result.
    return (try? Workers.map(count: workers, workers: workers) { _ in loop() }.reduce(0, +)) ?? 0
  }

  /// GFLOP/s on `workers` cores: the best of `rounds` bouts, as other work on the machine only
  /// slows. Cost: a millisecond a round, 25 for several cores.
  ///
  /// - Precondition: `workers` ≥ 1 and `rounds` ≥ 1.
  public static func measure<Scalar: BLASScalar>(_ type: Scalar.Type, workers: Int, rounds: Int = 9) -> Double {
    precondition(workers >= 1 && rounds >= 1, "workers and rounds from 1")
    let clock = ContinuousClock()
    // Threads take up to milliseconds to wake, so bouts of several workers are longer.
    let steps = workers > 1 ? 20 * steps : steps
    _ = bout(type, workers: workers)
    return (0..<rounds).map { _ in
      var operations = 0.0
      let seconds = clock.measure { operations = bout(type, workers: workers, steps: steps) } / .seconds(1)
      return operations / seconds / 1e9
    }.max()!
  }

  static func median(of values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// The vector instructions of a CPU, or of BLAS kernels; later ones include the earlier.
public enum VectorLevel: Int, Sendable, Comparable, Codable, CustomStringConvertible {
  case portable, sse42, avx, avx2, avx512, avx512BF16

  /// The widest that CPU and operating system offer; `portable` on other architectures than x86-64.
  public static let ofThisCPU: VectorLevel = {
    let features = machine_features()
    let levels: [(machine_feature, VectorLevel)] = [
      (machine_avx512_bf16, .avx512BF16), (machine_avx512, .avx512), (machine_avx2, .avx2), (machine_avx, .avx),
      (machine_sse42, .sse42),
    ]
    return levels.first { features & $0.0.rawValue != 0 }?.1 ?? .portable
  }()

  public static func < (left: VectorLevel, right: VectorLevel) -> Bool { left.rawValue < right.rawValue }

  public var description: String {
    switch self {
    case .portable: "portable"
    case .sse42: "SSE4.2"
    case .avx: "AVX"
    case .avx2: "AVX2 + FMA"
    case .avx512: "AVX-512"
    case .avx512BF16: "AVX-512 + BF16"
    }
  }
}
