import Foundation

/// One line of the report.
struct Row: Encodable {
  let operation: String
  let shape: String
  let type: String
  let threads: Int
  /// What median and best count: GFLOP/s; GB/s for memory; 10⁹/s for random numbers.
  var unit = "GFLOP/s"
  /// Where a recorded shape comes from: the search that asks for it, how often, and the share of
  /// its seconds inside BLAS.
  var origin: String?
  /// Over the rounds.
  let median: Double
  let best: Double
  /// Of what multiply-adds in registers reach on as many cores in the same rounds, in percent: the
  /// median of ratios. Nil where it means nothing.
  var percentOfPeak: Double?
  /// Paired with a bare GEMM of the same shape in the same rounds, in percent: median and quartiles
  /// of the ratios.
  var percentOfBareGEMM: Quartiles?
  /// Likewise, paired with memcpy of as many bytes.
  var percentOfCopy: Quartiles?
  /// Nanoseconds a call above the bare one, paired: for products of at most 128³.
  var nanosecondsOverBare: Quartiles?
  /// Error over what rounding explains (products: sums over rows with random signs; convolutions:
  /// 64 entries): passes up to 1.
  var residual: Double?
  var passes: Bool?
  var scratchBytes = 0

  struct Quartiles: Encodable {
    let low: Double
    let median: Double
    let high: Double

    init(of values: [Double]) {
      let sorted = values.sorted()
      func at(_ fraction: Double) -> Double { sorted[Int((Double(sorted.count - 1) * fraction).rounded())] }
      (low, median, high) = (at(0.25), at(0.5), at(0.75))
    }
  }

  static let header = line(
    "operation", "shape", "type", "threads", "median", "best", "", "% peak", "% of", "", "residual", "")

  /// What the columns mean.
  static let explanation = """
    median, best: over the rounds, in the unit beside them; a multiply-add counts as two operations
    % peak: of multiply-adds in registers on as many cores, in the same round (several threads: at the start)
    % of: bare GEMM, one call of cblas_sgemm or cblas_dgemm of the shape in the same round, or memcpy of as many bytes;
      median and quartiles of the rounds' ratios; above 100 is faster than that
      for a convolution: products of its shape, one an image and group, over patches that lie ready
    ns: a call of multiply less a bare one
    residual: the largest error over what rounding explains; up to 1 is ok
    conv NAME: weights packed beforehand, images NHWC, by this package's kernels; conv im2col NAME: the same layer by
      copied patches and OpenBLAS, in the same rounds
    recorded: shapes that searches ask BLAS for (make bench-shapes), those of most seconds
    """

  var text: String {
    func number(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "–" }
    func interval(_ values: Quartiles, _ format: String = "%.0f") -> String {
      String(format: "\(format) (\(format)–\(format))", values.median, values.low, values.high)
    }
    let baseline =
      percentOfBareGEMM.map { "bare GEMM " + interval($0) } ?? percentOfCopy.map { "memcpy " + interval($0) } ?? "–"
    return Self.line(
      operation, shape, type, String(threads), String(format: "%.2f", median), String(format: "%.2f", best), unit,
      number(percentOfPeak, "%.0f"), baseline, nanosecondsOverBare.map { interval($0) + " ns" } ?? "",
      number(residual, "%.2g"), passes.map { $0 ? "ok" : "FAILED" } ?? "")
  }

  private static func line(_ columns: String...) -> String {
    let widths = [26, 36, 7, 8, 9, 9, 8, 7, 26, 16, 9, 7]
    let text = zip(columns, widths).enumerated().map { index, pair in
      let padding = String(repeating: " ", count: max(1, pair.1 - pair.0.count))
      return index < 3 ? pair.0 + padding : padding + pair.0
    }.joined()
    return text
  }
}

/// Rounds of timed calls.
struct Timing {
  /// Whose threads a body runs on, beside the one that calls it.
  enum Threads {
    case ours, openBLAS
  }

  /// Rounds of each measurement, and the least time of a sample in seconds.
  let rounds: Int
  let sampleSeconds: Double
  /// Seconds between turns on threads of two kinds.
  let pauseSeconds: Double

  /// Seconds a call of each body, round by round, the bodies taking turns.
  ///
  /// - Parameter threads: of each body, where it has several. Threads that have just worked look
  ///   for more for a while (OpenBLAS's for 0.1 s), on cores that the next body needs if its
  ///   threads are others: then there is a pause before its turn, and a call that does not count
  ///   wakes its own.
  func alternate(_ bodies: [() throws -> Void], threads: [Threads]? = nil) throws -> [[Double]] {
    var repeats: [Int] = []
    var slowest = 0.0
    for body in bodies {
      try body()
      let once = max(1e-9, try Self.seconds(1, body))
      slowest = max(slowest, once)
      repeats.append(max(1, Int(sampleSeconds / once)))
    }
    var seconds = bodies.map { _ in [Double]() }
    var last: Threads?
    // Three rounds do for calls that take seconds.
    for round in 0..<(slowest > 0.5 ? min(rounds, 3) : rounds) {
      // Nobody is always first: what runs before leaves its traces in the caches.
      for turn in bodies.indices {
        let index = (round + turn) % bodies.count
        if let threads {
          if threads[index] != last { Thread.sleep(forTimeInterval: pauseSeconds) }
          last = threads[index]
          try bodies[index]()
        }
        seconds[index].append(try Self.seconds(repeats[index], bodies[index]) / Double(repeats[index]))
      }
    }
    return seconds
  }

  private static func seconds(_ repeats: Int, _ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    for _ in 0..<repeats { try body() }
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
