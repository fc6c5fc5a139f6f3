import CBLAS
import Foundation

/// The machine and its OpenBLAS, in words.
public enum MachineDescription {
  /// The CPU's name as the system gives it, or the architecture.
  public static let cpu: String = {
    let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
    let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last
    if let name { return name.trimmingCharacters(in: .whitespaces) }
    #if arch(x86_64)
      return "x86-64"
    #elseif arch(arm64)
      return "arm64"
    #else
      return "unknown CPU"
    #endif
  }()

  /// OpenBLAS's version and build options, without the core in use.
  public static var openBLAS: String {
    BLASLibrary.configuration.split(separator: " ").filter { $0 != BLASLibrary.coreName }.joined(separator: " ")
  }

  /// How OpenBLAS runs its threads.
  public static var threading: String {
    switch openblas_get_parallel() {
    case 0: "sequential"
    case 1: "pthreads"
    case 2: "OpenMP"
    case let other: "mode \(other)"
    }
  }

  /// What measured speeds hold for: CPU, its vectors, OpenBLAS.
  static var key: String { "\(cpu); \(VectorLevel.ofThisCPU); \(openBLAS)" }
}
