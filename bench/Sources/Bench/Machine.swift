import BenchKernels
import Foundation
import LinearAlgebra

/// What the figures were measured on.
struct Machine: Encodable {
  let cpu: String
  let cores: Int
  let openBLAS: String
  let blasCore: String
  let environmentCore: String?
  let vectors: String
  let commit: String
  let date: String
  /// GFLOP/s of the FMA loop: one core, then all cores at once.
  let peakFloat: [Double]
  let peakDouble: [Double]

  init(timing: Timing) throws {
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    cpu =
      info.split(separator: "\n").first { $0.hasPrefix("model name") }
      .map { $0.split(separator: ":")[1].trimmingCharacters(in: .whitespaces) } ?? "unknown"
    cores = Workers.availableCores
    openBLAS = BLASLibrary.configuration
    blasCore = BLASLibrary.coreName
    environmentCore = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"]
    vectors = String(cString: bench_fma_vectors())
    commit = Self.commit()
    date = ISO8601DateFormatter().string(from: Date())
    peakFloat = try [1, cores].map { try Self.peak(isDouble: false, workers: $0, timing) }
    peakDouble = try [1, cores].map { try Self.peak(isDouble: true, workers: $0, timing) }
  }

  /// Multiply-adds in registers on `workers` cores at once, about a millisecond of them.
  ///
  /// - Returns: the floating-point operations done.
  static func fullSpeed(isDouble: Bool, workers: Int) throws -> Double {
    @Sendable func loop() -> Double {
      var (single, double) = (Float(0), 0.0)
      let operations = isDouble ? bench_fma_double(peakSteps, &double) : bench_fma_float(peakSteps, &single)
      // The sums are finite: asking keeps the loop.
      return single.isFinite && double.isFinite ? operations : 0
    }
    if workers == 1 { return loop() }
    return try Workers.map(count: workers, workers: workers) { _ in loop() }.reduce(0, +)
  }
  private static let peakSteps = 300_000

  /// GFLOP/s of `fullSpeed`: the median over rounds.
  private static func peak(isDouble: Bool, workers: Int, _ timing: Timing) throws -> Double {
    var operations = 0.0
    let seconds = try timing.alternate([{ operations = try fullSpeed(isDouble: isDouble, workers: workers) }])[0]
    return Row.Quartiles(of: seconds.map { operations / $0 / 1e9 }).median
  }

  private static func commit() -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "describe", "--always", "--dirty"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return "unknown" }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? "unknown" : text
  }

  var text: String {
    func list(_ values: [Double]) -> String { values.map { String(format: "%.0f", $0) }.joined(separator: " and ") }
    var lines = [
      "\(cpu), \(cores) cores; \(openBLAS); core \(blasCore)"
        + (environmentCore.map { " (OPENBLAS_CORETYPE=\($0))" } ?? ""),
      "measured peak, one core and all: \(list(peakFloat)) GFLOP/s Float, \(list(peakDouble)) Double (\(vectors));"
        + " commit \(commit), \(date)",
    ]
    if let environmentCore {
      lines.append(
        "note: the environment pins OpenBLAS's kernels to \(environmentCore); unset OPENBLAS_CORETYPE for the CPU's own"
      )
    }
    return lines.joined(separator: "\n")
  }
}
