import ArgumentParser
import Foundation
import LinearAlgebra

/// `tombola doctor`: what this machine can do, and whether OpenBLAS does it.
struct DoctorCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Measure this machine and its OpenBLAS, and say what would be faster.",
    discussion: """
      Takes about two seconds. The speeds of the cores are remembered for --blas-core best, in tombola/blas-cores.json \
      of the user's cache folder.
      """)

  @Flag(help: "Print as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let findings = try MachineFindings()
    if json { try printJSON(findings) } else { print(findings.text) }
  }
}

/// What `doctor` finds; the JSON has the same names.
struct MachineFindings: Encodable {
  /// GFLOP/s on one core, and on all.
  struct Speed: Encodable {
    let oneCore: Double
    let allCores: Double

    init(_ measure: (_ cores: Int) throws -> Double) rethrows {
      oneCore = try measure(1)
      allCores = try measure(Workers.availableCores)
    }
  }
  struct Core: Encodable {
    let name: String
    let vectors: String?
    let float: Double
    let double: Double
    let inUse: Bool
    let isAutomatic: Bool
  }

  let cpu = MachineDescription.cpu
  let cores = Workers.availableCores
  let vectors = VectorLevel.ofThisCPU.description
  let openblas = MachineDescription.openBLAS
  let threading = MachineDescription.threading
  let blasThreads = BLASLibrary.threads
  let blasCore = BLASLibrary.coreName
  let environment: [String: String]
  let peakFloat: Speed
  let peakDouble: Speed
  let gemmFloat: Speed
  let gemmDouble: Speed
  /// Fastest first; only the core in use where OpenBLAS cannot switch.
  let blasCores: [Core]
  let bestCore: String
  /// Who chose the core in use, in words.
  let blasChoice: String
  let advice: String?

  private static let size = 1024

  init() throws {
    environment = ProcessInfo.processInfo.environment.filter { name, _ in
      ["OPENBLAS_", "GOTO_", "OMP_", "MKL_"].contains { name.hasPrefix($0) } || name == BLASCoreOptions.variable
    }
    peakFloat = Speed { MachinePeak.measure(Float.self, workers: $0) }
    peakDouble = Speed { MachinePeak.measure(Double.self, workers: $0) }
    gemmFloat = try Speed { try GEMMSpeed.measure(Float.self, size: Self.size, threads: $0) }
    gemmDouble = try Speed { try GEMMSpeed.measure(Double.self, size: Self.size, threads: $0) }
    let inUse = blasCore
    let choice = try BLASCores()
    let speeds = try choice.measure()
    BLASCoreMemory.standard?.remember(speeds)
    blasCores = speeds.map {
      Core(
        name: $0.name, vectors: BLASCores.level(of: $0.name)?.description, float: $0.float, double: $0.double,
        inUse: $0.name == inUse, isAutomatic: $0.name == choice.automatic)
    }
    bestCore = choice.best(of: speeds)?.name ?? inUse
    blasChoice = Self.explanation(of: choice)
    advice =
      BLASCores.selfTest().map { "\(inUse) computes wrongly on this CPU: \($0)" }
      ?? Slowness(speeds, inUse: inUse)?.description
  }

  /// How the core in use came to be, from what OpenBLAS would choose by itself and what the
  /// environment says.
  private static func explanation(of cores: BLASCores) -> String {
    let own = cores.automatic
    if let pin = BLASCoreOptions.pin, cores.inUse.lowercased() == pin.lowercased() {
      return "\(BLASCoreOptions.openBLASVariable) pins \(pin)"
    }
    guard cores.canSwitch else {
      return "this OpenBLAS has no other kernels, or cannot change them in a running process"
    }
    if cores.inUse != own {
      return FittingBLASCore.isNarrow(own)
        ? "OpenBLAS would take \(own), narrower than this CPU's vectors; \(cores.inUse) fits it"
        : "\(cores.inUse) was asked for; OpenBLAS would take \(own)"
    }
    guard FittingBLASCore.isNarrow(own), let widest = cores.widest else { return "OpenBLAS's own choice fits this CPU" }
    do {
      defer { try? cores.use(own) }
      try cores.use(widest)
      return "OpenBLAS's own choice, narrower than this CPU's vectors, was asked for"
    } catch {
      return "OpenBLAS's own choice, narrower than this CPU's vectors, as the one that fits does not work: \(error)"
    }
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum CodingKeys: String, CodingKey {
    case cpu, cores, vectors, openblas, threading, environment, advice
    case blasThreads = "blas_threads"
    case blasCore = "blas_core"
    case blasChoice = "blas_choice"
    case peakFloat = "peak_float"
    case peakDouble = "peak_double"
    case gemmFloat = "gemm_float"
    case gemmDouble = "gemm_double"
    case blasCores = "blas_cores"
    case bestCore = "best_core"
  }

  var text: String {
    func row(_ name: String, _ value: String) -> String {
      "  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + value
    }
    func speed(_ name: String, _ speed: Speed, of peak: Speed? = nil) -> String {
      func one(_ value: Double, _ peak: Double?) -> String {
        String(format: "%.0f", value) + (peak.map { String(format: " (%.0f %% of peak)", 100 * value / $0) } ?? "")
      }
      let single = one(speed.oneCore, peak?.oneCore)
      return row(name, "\(single) on one core, \(one(speed.allCores, peak?.allCores)) on \(cores), GFLOP/s")
    }
    var lines = [
      row("CPU", "\(cpu), \(cores) cores, \(vectors)"),
      row("BLAS", "\(openblas), \(threading), \(blasThreads) threads"),
      row("core", blasCore + (BLASCores.level(of: blasCore).map { " (\($0))" } ?? "")),
      row("choice", blasChoice),
    ]
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
      lines.append(row("environment", "\(name)=\(value)"))
    }
    lines += [
      speed("peak Float", peakFloat), speed("peak Double", peakDouble),
      speed("GEMM Float", gemmFloat, of: peakFloat), speed("GEMM Double", gemmDouble, of: peakDouble),
      row("cores", "GFLOP/s of GEMM on one thread, Float and Double:"),
    ]
    for core in blasCores {
      let notes = [core.inUse ? "in use" : nil, core.isAutomatic ? "OpenBLAS's own choice" : nil].compactMap { $0 }
      lines.append(
        row("", core.name.padding(toLength: 14, withPad: " ", startingAt: 0))
          + String(format: "%6.0f %6.0f", core.float, core.double)
          + (notes.isEmpty ? "" : "  " + notes.joined(separator: ", ")))
    }
    lines.append(row("verdict", advice ?? "the kernels in use are as fast as any here"))
    return lines.joined(separator: "\n")
  }
}

extension MachineFindings.Speed {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum CodingKeys: String, CodingKey {
    case oneCore = "one_core"
    case allCores = "all_cores"
  }
}
extension MachineFindings.Core {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum CodingKeys: String, CodingKey {
    case name, vectors, float, double
    case inUse = "in_use"
    case isAutomatic = "is_automatic"
  }
}
