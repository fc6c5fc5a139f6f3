import CBLAS

/// The OpenBLAS that this process runs on, and the one place that decides its thread count.
///
/// `openblas_set_num_threads` is process-wide, so libraries must not call it on their own: work runs
/// inside `withThreads`, which sets the count and restores the host's when the last such scope ends.
public enum BLASLibrary {
  /// The kernels in use, as OpenBLAS names them: "Haswell", "SkylakeX", …
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// OpenBLAS's own description of its build: version, options, core.
  public static var configuration: String { String(cString: openblas_get_config()) }

  /// BLAS threads at present.
  public static var threads: Int { Int(openblas_get_num_threads()) }

  private struct Scopes {
    /// Counts asked for by the scopes now open, in no particular order.
    var active: [Int32] = []
    var hostThreads: Int32 = 0
  }
  private static let scopes = Guarded(Scopes())

  /// Runs `body` with BLAS at `count` threads or fewer, then restores what the host had.
  ///
  /// Scopes may nest and overlap across threads; the smallest count among the open ones holds, so that an
  /// outer loop over cores at one BLAS thread is not undone from inside. Cost: two uncontended locks.
  ///
  /// - Precondition: `count` ≥ 1.
  public static func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    precondition(count >= 1, "BLAS needs at least one thread")
    let count = Int32(clamping: count)
    scopes.withLock { scopes in
      if scopes.active.isEmpty { scopes.hostThreads = openblas_get_num_threads() }
      scopes.active.append(count)
      apply(scopes)
    }
    defer {
      scopes.withLock { scopes in
        scopes.active.remove(at: scopes.active.firstIndex(of: count)!)
        apply(scopes)
      }
    }
    return try body()
  }

  private static func apply(_ scopes: borrowing Scopes) {
    let wanted = scopes.active.min() ?? scopes.hostThreads
    if openblas_get_num_threads() != wanted { openblas_set_num_threads(wanted) }
  }
}
