import CBLAS
import Foundation
import MachineKernels

/// How an OpenBLAS was built to use threads, which decides who sees its thread count.
public enum BLASThreading: String, Sendable, Hashable, CaseIterable, Codable {
  /// No threads of its own. OpenBLAS 0.3.21 built so shares scratch memory between callers without
  /// a lock, and two threads that multiply at once get wrong products: this library then lets one
  /// call at a time through. Calls that a program makes past this library, on other threads, are
  /// not held back.
  case serial
  /// Threads of its own, one count for the whole process.
  case pthreads
  /// Threads of OpenMP, which keeps a count for each calling thread: a scope changes its own
  /// thread's alone.
  case openMP = "OpenMP"

  /// That of the OpenBLAS in this process, by `openblas_get_parallel`.
  static let ofThisProcess: BLASThreading =
    switch openblas_get_parallel() {
    case 0: .serial
    case 2: .openMP
    default: .pthreads
    }

  /// What follows from the kind, in a sentence for people.
  public var description: String {
    switch self {
    case .serial: "one thread; calls from several threads take turns"
    case .pthreads: "threads of its own, one count for the process"
    case .openMP: "threads of OpenMP, a count for each calling thread"
    }
  }
}

extension BLASThreading: CustomStringConvertible {}

/// Lets calls of BLAS and LAPACK through one at a time where OpenBLAS needs it
/// (`BLASThreading.serial`).
@usableFromInline enum BLASTurn {
  @usableFromInline static let isNeeded = BLASThreading.ofThisProcess == .serial
  @usableFromInline static let lock = NSLock()
}

/// One call of BLAS or LAPACK: at once, or when its turn comes. Calls do not nest.
@inlinable func callBLAS<Result>(_ body: () -> Result) -> Result {
  guard BLASTurn.isNeeded else { return body() }
  BLASTurn.lock.lock()
  defer { BLASTurn.lock.unlock() }
  return body()
}
