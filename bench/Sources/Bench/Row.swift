import Foundation

/// One line of the report.
struct Row: Encodable {
  let operation: String
  let shape: String
  let type: String
  let threads: Int
  /// What median and best count: GFLOP/s; GB/s for memory; 10⁹/s for random numbers.
  var unit = "GFLOP/s"
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
    let widths = [22, 36, 7, 8, 9, 9, 8, 7, 26, 16, 9, 7]
    let text = zip(columns, widths).enumerated().map { index, pair in
      let padding = String(repeating: " ", count: max(1, pair.1 - pair.0.count))
      return index < 3 ? pair.0 + padding : padding + pair.0
    }.joined()
    return text
  }
}

/// Rounds of timed calls.
struct Timing {
  /// Rounds of each measurement, and the least time of a sample in seconds.
  let rounds: Int
  let sampleSeconds: Double

  /// Seconds a call of each body, round by round, the bodies taking turns.
  func alternate(_ bodies: [() throws -> Void]) throws -> [[Double]] {
    var repeats: [Int] = []
    var slowest = 0.0
    for body in bodies {
      try body()
      let once = max(1e-9, try Self.seconds(1, body))
      slowest = max(slowest, once)
      repeats.append(max(1, Int(sampleSeconds / once)))
    }
    var seconds = bodies.map { _ in [Double]() }
    // Three rounds do for calls that take seconds.
    for round in 0..<(slowest > 0.5 ? min(rounds, 3) : rounds) {
      // Nobody is always first: what runs before leaves its traces in the caches.
      for turn in bodies.indices {
        let index = (round + turn) % bodies.count
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
