import Foundation

/// Lets one process at a time write a store: a lock on a file beside it, which ends with the
/// process however that ends.
///
/// SQLite's own locks are held during a transaction only, so that tables can be read while a sweep
/// runs.
final class StoreLock: Sendable {
  private let path: String
  private let descriptor: Int32

  /// Takes the lock of the store at a place, or says who has it.
  init(store place: StorePath) throws(StoreError) {
    let store = place.name
    path = place.resolved + ".lock"
    while true {
      let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard file >= 0 else {
        let reason = String(cString: strerror(errno))
        throw errno == ENOENT || errno == ENOTDIR
          ? .notFound(path: store, found: "no such folder") : .unwritable(path: store, found: "\(path): \(reason)")
      }
      if flock(file, LOCK_EX | LOCK_NB) != 0 {
        let reason = errno
        let holder = Self.text(of: file)
        close(file)
        guard reason == EWOULDBLOCK else {
          throw .unwritable(path: store, found: "\(path): \(String(cString: strerror(reason)))")
        }
        throw .inUse(path: store, by: holder.isEmpty ? "another process" : "process \(holder)")
      }
      // A process that ends removes its lock file, perhaps after it was opened here and before it
      // was locked. Then the name belongs to no file or to another one, and the lock is tried for
      // again.
      var opened = stat()
      var named = stat()
      if fstat(file, &opened) == 0, stat(path, &named) == 0, opened.st_ino == named.st_ino,
        opened.st_dev == named.st_dev
      {
        // A lock file is emptied now and removed at the end, so it must not be a file of somebody
        // else.
        guard Self.isLock(file) else {
          close(file)
          throw .unwritable(path: store, found: "\(path), a file that no sweep made")
        }
        descriptor = file
        break
      }
      close(file)
    }
    let holder = Array("\(getpid())".utf8)
    // The number of this process stands in the file for the error message of others.
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, holder, holder.count, 0) }
  }

  /// Whether a file holds what is written here, or nothing.
  private static func isLock(_ file: Int32) -> Bool {
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return status.st_size <= 20 && text(of: file).utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func text(of file: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(file, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  deinit {
    unlink(path)
    close(descriptor)
  }
}
