import Foundation
import LinearAlgebra

/// What the figures were measured on.
struct Machine: Encodable {
  let cpu: String
  let cores: Int
  let openBLAS: String
  let threading: String
  let blasCore: String
  let environmentCore: String?
  /// The cores that this CPU runs, fastest first; empty where OpenBLAS cannot switch.
  let blasCores: [BLASCoreSpeed]
  let vectors: String
  let commit: String
  let date: String
  /// GFLOP/s of the FMA loop: one core, then all cores at once.
  let peakFloat: [Double]
  let peakDouble: [Double]

  init(timing: Timing) throws {
    cpu = MachineDescription.cpu
    cores = Workers.availableCores
    openBLAS = MachineDescription.openBLAS
    threading = MachineDescription.threading
    blasCore = BLASLibrary.coreName
    environmentCore = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"].flatMap { $0.isEmpty ? nil : $0 }
    blasCores = try (try? BLASCores())?.measure() ?? []
    vectors = VectorLevel.ofThisCPU.description
    commit = Self.commit()
    date = ISO8601DateFormatter().string(from: Date())
    peakFloat = [1, cores].map { MachinePeak.measure(Float.self, workers: $0, rounds: max(9, timing.rounds)) }
    peakDouble = [1, cores].map { MachinePeak.measure(Double.self, workers: $0, rounds: max(9, timing.rounds)) }
  }

  /// Operations a second at full speed, round by round: on one thread those of the bout in the same
  /// round. On more, BLAS threads that still wait for work would share the cores with the bout, so
  /// it is the peak measured at the start.
  func fullSpeed<Scalar: BLASScalar>(
    _ type: Scalar.Type, threads: Int, _ operations: Double, _ seconds: [Double]
  ) -> [Double] {
    let peak = Scalar.self == Double.self ? peakDouble : peakFloat
    return seconds.map { threads == 1 ? operations / $0 : 1e9 * peak[1] }
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
    let own = blasCores.first { $0.name == blasCore }
    let pin = environmentCore.map { " (OPENBLAS_CORETYPE=\($0))" } ?? ""
    let byCore = blasCores.map { "\($0.name) \(list([$0.float]))" }.joined(separator: ", ")
    var lines = [
      "\(cpu), \(cores) cores (\(vectors)); commit \(commit), \(date)",
      "\(openBLAS), \(threading); core \(blasCore)\(pin)" + (byCore.isEmpty ? "" : "; GEMM Float by core: \(byCore)"),
      "measured peak, one core and all: \(list(peakFloat)) GFLOP/s Float, \(list(peakDouble)) Double",
    ]
    if let own, let best = blasCores.first, best.mean > 1.15 * own.mean {
      lines.append("note: \(best.name) is faster here than \(blasCore): pass --blas-core best")
    }
    return lines.joined(separator: "\n")
  }
}
