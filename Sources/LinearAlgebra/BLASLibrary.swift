import CBLAS
import MachineKernels

/// The OpenBLAS that this process runs on, and the one place that decides its thread count.
///
/// `openblas_set_num_threads` may be process-wide, so libraries must not call it on their own: work
/// runs inside `withThreads`, which sets the count and restores the host's when the last such scope
/// ends. A host that multiplies on other threads meanwhile, and counts on the bits, keeps its count
/// by `threadPolicy`.
public enum BLASLibrary {
  /// The kernels in use, as OpenBLAS names them: "Haswell", "SkylakeX", …
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// OpenBLAS's own description of its build: version, options, core.
  public static var configuration: String { String(cString: openblas_get_config()) }

  /// How this OpenBLAS was built to use threads.
  public static var threading: BLASThreading { .ofThisProcess }

  /// BLAS threads that a call from this thread may use at present.
  public static var threads: Int {
    let own = Int(machine_openmp_threads())
    return own > 0 ? own : Int(openblas_get_num_threads())
  }

  /// Who decides the thread count in calls of this library from the current task or thread, and
  /// from its workers.
  ///
  /// A host that multiplies on other threads while it searches, and counts on the bits of its
  /// products, writes
  /// ```
  /// try BLASLibrary.$threadPolicy.withValue(.host) { try search.run() }
  /// ```
  @TaskLocal public static var threadPolicy = BLASThreadPolicy.scoped

  private static let scopes = BLASThreadScopes(
    count: { openblas_get_num_threads() }, setCount: { openblas_set_num_threads($0) })

  /// Runs `body` with BLAS at `count` threads or fewer, then restores what the host had.
  ///
  /// Where OpenBLAS has one count for the process (`BLASThreading.pthreads`), scopes may nest and
  /// overlap across threads; the smallest count among the open ones holds, so that an outer loop
  /// over cores at one BLAS thread is not undone from inside. Every product in the process runs at
  /// that count meanwhile, the host's own included, which may change its last bits: `threadPolicy`
  /// says how to avoid it. With OpenMP's threads a scope is the calling thread's alone, and the
  /// smallest of its own scopes holds. Cost: two uncontended locks.
  ///
  /// - Parameters:
  ///   - count: 1 or more; smaller ones count as 1, the least that BLAS can have.
  ///   - body: what runs inside the scope, on the calling thread.
  public static func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    let count = Int32(clamping: max(1, count))
    if threading == .serial { return try body() }
    let before = machine_openmp_enter(count)
    if before > 0 {
      defer { machine_openmp_leave(before) }
      return try body()
    }
    return try scopes.with(count, policy: threadPolicy, body)
  }

  /// Runs a worker's tasks inside a scope of its caller's: at one thread in calls from its own
  /// thread, under `policy`.
  static func onWorker<Result>(_ policy: BLASThreadPolicy, _ body: () throws -> Result) rethrows -> Result {
    let before = machine_openmp_enter(1)
    defer { machine_openmp_leave(before) }
    return policy == .scoped ? try body() : try $threadPolicy.withValue(policy, operation: body)
  }
}
