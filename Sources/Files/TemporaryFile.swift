import Foundation

/// A name beside an output, for what is written until it is whole.
///
/// The process remembers those in use, so that one that is told to end at once can take them away
/// first.
package final class TemporaryFile: Sendable {
  /// A lock that the thread sanitizer sees, as it does not see that of `Synchronization.Mutex`.
  private static let lock = NSLock()
  /// The paths in use; `lock` guards them.
  nonisolated(unsafe) private static var inUse: Set<String> = []

  package let path: String

  /// A name in `folder` that no other file has. Nothing is made yet.
  ///
  /// It is a few dozen bytes long, so that it fits wherever an output's own name does.
  package init(in folder: String) {
    let mark = String(UInt64.random(in: .min ... .max), radix: 16)
    path = (folder == "/" ? "" : folder) + "/.tombola-\(getpid())-\(mark).partial"
    _ = Self.lock.withLock { Self.inUse.insert(path) }
  }

  /// Takes the file away if it is there.
  package func remove() {
    Self.lock.withLock {
      if Self.inUse.remove(path) != nil { unlink(path) }
    }
  }

  /// Takes away those of all threads, where the process is about to end.
  package static func removeAll() {
    lock.withLock {
      for path in inUse { unlink(path) }
      inUse = []
    }
  }
}
