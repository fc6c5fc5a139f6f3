import Foundation

/// Files that appear whole or not at all.
public enum AtomicFile {
  /// Writes `data` to the file at `path`: beside it first, flushed to disk, then renamed.
  ///
  /// A reader sees the old file or the new one, never a part. Without `force` an output that exists is left as it is,
  /// even one that appears while this function runs. With `force` a symbolic link is replaced, not followed. On any
  /// failure the temporary file is removed.
  ///
  /// - Throws: ``FileError``: `exists` (the text names `--force`), `notFound` for a missing folder, `unwritable`.
  public static func write(_ data: Data, to path: String, force: Bool) throws(FileError) {
    try check(path, force: force)
    let temporary = temporaryPath(beside: path)
    let descriptor = FileBytes.retrying { open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw FileBytes.systemError(errno, path: path, reading: false) }

    var failure = writeAll(data, to: descriptor)
    if failure == 0, FileBytes.retrying({ fsync(descriptor) }) != 0 { failure = errno }
    if close(descriptor) != 0, failure == 0, errno != EINTR { failure = errno }
    if failure == 0 { failure = publish(temporary, as: path, force: force) }
    guard failure == 0 else {
      unlink(temporary)
      throw failure == EEXIST && !force
        ? existing(path) : FileBytes.systemError(failure, path: path, reading: false)
    }
    flushFolder(of: path)
  }

  /// Checks, before long work, that ``write(_:to:force:)`` could succeed: the output is absent or may be replaced, and
  /// its folder exists and is writable.
  ///
  /// - Throws: what ``write(_:to:force:)`` would throw.
  public static func check(_ path: String, force: Bool) throws(FileError) {
    try FileBytes.requireUsable(path)
    if path.hasSuffix("/") {
      throw FileError(.unwritable, source: path, expected: "the path of a file", found: "a path that ends in '/'")
    }
    var status = stat()
    if lstat(path, &status) == 0 {
      var target = status
      let isLink = status.st_mode & S_IFMT == S_IFLNK
      if isLink, stat(path, &target) != 0 { target = status }
      let isReplaceable = target.st_mode & S_IFMT == S_IFREG || target.st_mode & S_IFMT == S_IFLNK
      guard isReplaceable else {
        throw FileError(
          .unwritable, source: path, expected: "a file that can be replaced", found: FileBytes.kindName(target.st_mode))
      }
      if !force { throw existing(path) }
    } else if errno != ENOENT {
      throw FileBytes.systemError(errno, path: path, reading: false)
    }
    let folder = folder(of: path)
    if access(folder, W_OK | X_OK) != 0 {
      let number = errno
      if number == ENOENT {
        throw FileError(.notFound, source: path, expected: "an existing folder", found: "no folder '\(folder)'")
      }
      throw FileError(
        .unwritable, source: path, expected: "a writable folder",
        found: "'\(folder)': \(String(cString: strerror(number)))")
    }
  }

  private static func existing(_ path: String) -> FileError {
    FileError(.exists, source: path, expected: "no file of that name, or --force to replace it", found: "one")
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }

  /// A name no longer than a few dozen bytes, so that it fits wherever the output's own name does.
  private static func temporaryPath(beside path: String) -> String {
    let mark = String(UInt64.random(in: .min ... .max), radix: 16)
    return folder(of: path) + "/.tombola-\(getpid())-\(mark).partial"
  }

  private static func writeAll(_ data: Data, to descriptor: Int32) -> Int32 {
    data.withUnsafeBytes { buffer in
      var position = 0
      while position < buffer.count {
        let count = FileBytes.retrying {
          writeSome(descriptor, buffer.baseAddress! + position, buffer.count - position)
        }
        if count < 0 { return errno }
        if count == 0 { return EIO }
        position += count
      }
      return 0
    }
  }

  /// Gives the temporary file its name. Without `force`, `link` refuses an existing name in one step; file systems
  /// without links fall back on a check followed by a rename.
  private static func publish(_ temporary: String, as path: String, force: Bool) -> Int32 {
    if !force {
      if link(temporary, path) == 0 {
        unlink(temporary)
        return 0
      }
      let number = errno
      guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(number) else { return number }
      var status = stat()
      if lstat(path, &status) == 0 { return EEXIST }
    }
    return rename(temporary, path) == 0 ? 0 : errno
  }

  /// Makes the new name durable. Some file systems cannot flush a folder; the file is in place all the same.
  private static func flushFolder(of path: String) {
    let descriptor = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
  }
}

/// The system's `write`, out of reach of the member that shares its name.
private func writeSome(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, start, count)
}
