import ArgumentParser
import Foundation
import LinearAlgebra
import Outcomes

/// The choice of OpenBLAS's kernels, which every command takes.
struct BLASCoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "OpenBLAS's kernels: auto (what OPENBLAS_CORETYPE pins, else OpenBLAS's own choice, else wider ones that fit "
        + "the CPU), best (measured once, then remembered) or a core's name, as doctor lists them. Default: "
        + "\(Self.variable), else auto.", valueName: "auto|best|NAME"))
  var blasCore: String?

  static let variable = "TOMBOLA_BLAS_CORE"
  static let openBLASVariable = "OPENBLAS_CORETYPE"

  /// The wanted core and where it was said; nil for auto.
  private var wanted: (option: String, value: String)? {
    let value = blasCore ?? ProcessInfo.processInfo.environment[Self.variable] ?? ""
    if value.isEmpty && blasCore == nil || value.lowercased() == "auto" { return nil }
    return (blasCore == nil ? Self.variable : "--blas-core", value)
  }

  /// The core that the environment pins; nil where nobody did.
  static var pin: String? {
    ProcessInfo.processInfo.environment[openBLASVariable].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Switches to the wanted core. The first thing a command does: no BLAS call runs yet.
  func apply() throws {
    guard let (option, value) = wanted else {
      // What could not be taken is explained by doctor: OpenBLAS's own kernels are slow, but right.
      _ = FittingBLASCore.use(pin: Self.pin)
      return
    }
    let cores = try BLASCores()
    do {
      if value.lowercased() == "best" { try cores.useBest() } else { try cores.use(value) }
    } catch BLASCoreError.unknown(_, let names) {
      throw OptionError(
        option: option, expected: "auto, best or a core that this CPU can run (\(names.joined(separator: ", ")))",
        found: "'\(value)'")
    }
  }

  /// Says in one line on standard error that the environment pins slow kernels, where a person sees
  /// it: on a terminal, and not beside JSON.
  func warnIfSlow(json: Bool) {
    guard !json, wanted == nil, isatty(STDERR_FILENO) == 1, let slowness = Slowness.ofPin() else { return }
    complain("tombola: warning: \(slowness)")
  }
}

/// A command that takes the choice of kernels.
protocol ChoosingBLASCore {
  var blas: BLASCoreOptions { get }
}

/// That the core in use is slower than another.
struct Slowness: CustomStringConvertible {
  let inUse: String
  let best: String
  /// How many times as fast the best one is, where both were measured.
  let factor: Double?

  /// Another core must be this many times as fast.
  static let notable = 1.15

  private init(inUse: String, best: String, factor: Double?) {
    (self.inUse, self.best, self.factor) = (inUse, best, factor)
  }

  /// Compares the core in use with the fastest of `speeds`; nil where nothing speaks against it.
  init?(_ speeds: [BLASCoreSpeed], inUse: String = BLASLibrary.coreName) {
    guard let own = speeds.first(where: { $0.name == inUse }), let best = speeds.max(by: { $0.mean < $1.mean }),
      best.mean > Self.notable * own.mean
    else { return nil }
    self.init(inUse: inUse, best: best.name, factor: best.mean / own.mean)
  }

  /// Judges the environment's pin by what is remembered of this machine, else by the vectors'
  /// widths; never measures.
  static func ofPin() -> Slowness? {
    guard BLASCoreOptions.pin != nil else { return nil }
    let inUse = BLASLibrary.coreName
    if let speeds = BLASCoreMemory.standard?.recall(), speeds.contains(where: { $0.name == inUse }) {
      return Slowness(speeds)
    }
    guard FittingBLASCore.isNarrow(inUse), let widest = (try? BLASCores())?.widest else { return nil }
    return Slowness(inUse: inUse, best: widest, factor: nil)
  }

  var description: String {
    let comparison =
      factor.map { "\(best) is \(String(format: "%.1f", $0)) times as fast on this machine" }
      ?? "\(best) has wider vectors, which this CPU runs"
    return "OpenBLAS runs its \(inUse) kernels, \(comparison); pass --blas-core best"
      + (BLASCoreOptions.pin.map { ", or unset \(BLASCoreOptions.openBLASVariable) (it is '\($0)')" } ?? "")
  }
}
