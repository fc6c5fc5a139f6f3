/// Kernels by rule: those as wide as the CPU, where OpenBLAS does not know it and took narrower
/// ones by itself.
///
/// OpenBLAS 0.3.21 takes CPUs made after it for the oldest 64-bit one and multiplies eight times
/// slower than it could. The rule needs no measuring and no file, and leaves every choice alone
/// that somebody made.
public enum FittingBLASCore: Sendable, Hashable {
  /// OpenBLAS's own choice is as wide as the CPU, or of a width that is not known: it stays.
  case own
  /// The environment's `OPENBLAS_CORETYPE` chose: it stays.
  case pinned(by: String)
  /// OpenBLAS cannot choose again in a running process.
  case fixed
  /// `name` fits the CPU and was taken instead of `own`.
  case taken(name: String, insteadOf: String)
  /// What fits could not be taken; OpenBLAS keeps `own`.
  case failed(own: String, BLASCoreError)

  /// Applies the rule to this process. Cost: nothing where OpenBLAS's choice is wide enough, else a
  /// switch with its test, 3 to 10 ms.
  ///
  /// As with `BLASCores`, no BLAS call may run meanwhile, and no other thread may use the
  /// environment.
  ///
  /// - Parameter pin: the environment's `OPENBLAS_CORETYPE`, or nil; an empty one is none.
  public static func use(pin: String?) -> FittingBLASCore {
    if let pin, !pin.isEmpty { return .pinned(by: pin) }
    let own = BLASLibrary.coreName
    guard isNarrow(own) else { return .own }
    do throws(BLASCoreError) {
      let cores = try BLASCores()
      guard cores.canSwitch else { return .fixed }
      guard let fitting = cores.widest, fitting != own else { return .own }
      try cores.use(fitting)
      return .taken(name: fitting, insteadOf: own)
    } catch {
      return .failed(own: own, error)
    }
  }

  /// Whether `core` has narrower vectors than the widest that this CPU runs and OpenBLAS multiplies
  /// with.
  public static func isNarrow(_ core: String) -> Bool {
    BLASCores.level(of: core).map { $0 < min(.ofThisCPU, .avx512) } ?? false
  }
}

extension BLASCores {
  /// The first of `names` whose vectors are as wide as the CPU allows, up to AVX-512: those with
  /// BF16 besides gain nothing for Float and Double.
  public var widest: String? { names.first { Self.level(of: $0) != nil && !FittingBLASCore.isNarrow($0) } }
}
