import ArgumentParser
import Foundation
import LinearAlgebra

/// The choice of OpenBLAS's kernels, which every command takes.
struct BLASCoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "OpenBLAS's kernels: best (measured once, then remembered) or a core's name, as doctor lists them; or set "
        + "\(Self.variable). Default: what OPENBLAS_CORETYPE and OpenBLAS decide.", valueName: "best|NAME"))
  var blasCore: String?

  static let variable = "TOMBOLA_BLAS_CORE"
  static let openBLASVariable = "OPENBLAS_CORETYPE"

  /// The wanted core and where it was said.
  private var wanted: (option: String, value: String)? {
    if let blasCore { return ("--blas-core", blasCore) }
    let value = ProcessInfo.processInfo.environment[Self.variable] ?? ""
    return value.isEmpty ? nil : (Self.variable, value)
  }

  /// Switches to the wanted core. The first thing a command does: no BLAS call runs yet.
  func apply() throws {
    guard let (option, value) = wanted else { return }
    do {
      let cores = try BLASCores()
      if value.lowercased() == "best" { try cores.useBest() } else { try cores.use(value) }
    } catch BLASCoreError.fixed(let core) where value.lowercased() == "best" || value.lowercased() == core.lowercased()
    {
      // An OpenBLAS with one core runs on its best.
      return
    } catch BLASCoreError.unknown(_, let names) {
      throw OptionError(
        option: option, expected: "best or a core that this CPU can run (\(names.joined(separator: ", ")))",
        found: "'\(value)'")
    }
  }

  /// Says in one line on standard error that the core in use is a slow one, where nobody chose it here.
  func warnIfSlow() {
    if wanted == nil, let slowness = Slowness.ofCoreInUse() { complain("tombola: warning: \(slowness)") }
  }
}

/// A command that takes the choice of kernels.
protocol ChoosingBLASCore {
  var blas: BLASCoreOptions { get }
}

/// That the core in use is slower than another, by measurement.
struct Slowness: CustomStringConvertible {
  let inUse: String
  let best: String
  let factor: Double

  /// Another core must be this many times as fast.
  static let notable = 1.15

  /// Compares the core in use with the fastest of `speeds`; nil where nothing speaks against it.
  init?(_ speeds: [BLASCoreSpeed], inUse: String = BLASLibrary.coreName) {
    guard let own = speeds.first(where: { $0.name == inUse }), let best = speeds.max(by: { $0.mean < $1.mean }),
      best.mean > Self.notable * own.mean
    else { return nil }
    (self.inUse, self.best, factor) = (inUse, best.name, best.mean / own.mean)
  }

  /// Judges by what is remembered of this machine. Only where nothing is, and the core's vectors are narrower than the
  /// CPU's, it is measured: once, for about 0.2 s.
  static func ofCoreInUse() -> Slowness? {
    let inUse = BLASLibrary.coreName
    let memory = BLASCoreMemory.standard
    if let speeds = memory?.recall(), speeds.contains(where: { $0.name == inUse }) { return Slowness(speeds) }
    guard let level = BLASCores.level(of: inUse), level < min(.ofThisCPU, .avx512), let cores = try? BLASCores(),
      let speeds = try? cores.measure(Set(cores.contenders + [inUse]).sorted())
    else { return nil }
    memory?.remember(speeds)
    return Slowness(speeds)
  }

  var description: String {
    let pin = ProcessInfo.processInfo.environment[BLASCoreOptions.openBLASVariable]
    return "OpenBLAS runs its \(inUse) kernels, \(best) is \(String(format: "%.1f", factor)) times as fast on this "
      + "machine; pass --blas-core best"
      + (pin.map { ", or unset \(BLASCoreOptions.openBLASVariable) (it is '\($0)')" } ?? "")
  }
}
