import Foundation
import Synchronization

/// A name beside an output, for what is written until it is whole.
///
/// The process remembers those in use, so that one that is told to end at once can take them away
/// first.
package final class TemporaryFile: Sendable {
  private static let inUse = Mutex<Set<String>>([])

  package let path: String

  /// A name in `folder` that no other file has. Nothing is made yet.
  ///
  /// It is a few dozen bytes long, so that it fits wherever an output's own name does.
  package init(in folder: String) {
    let mark = String(UInt64.random(in: .min ... .max), radix: 16)
    path = (folder == "/" ? "" : folder) + "/.tombola-\(getpid())-\(mark).partial"
    _ = Self.inUse.withLock { [path] in $0.insert(path) }
  }

  /// Takes the file away if it is there.
  package func remove() {
    Self.inUse.withLock { [path] names in
      if names.remove(path) != nil { unlink(path) }
    }
  }

  /// Takes away those of all threads, where the process is about to end.
  package static func removeAll() {
    inUse.withLock { names in
      for path in names { unlink(path) }
      names = []
    }
  }
}
