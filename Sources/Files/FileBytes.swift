import Foundation

/// Whole files into memory.
public enum FileBytes {
  /// The largest file that is read whole unless the caller says otherwise: 256 MiB.
  public static let defaultMaximumByteCount = 1 << 28

  /// The bytes of the regular file at `path`.
  ///
  /// The file's size is taken when it is opened. A file that has become shorter by the time it has
  /// been read is an error; what is appended meanwhile is not read.
  ///
  /// - Parameter maximumByteCount: a larger file is an error before any room is made for it.
  /// - Throws: ``FileError`` if the path is empty, missing, a folder, a device or pipe, not
  ///   readable, or the file is too large.
  public static func read(
    path: String, maximumByteCount: Int = defaultMaximumByteCount
  ) throws(FileError) -> Data {
    let source = try ByteSource(path: path)
    guard source.count <= maximumByteCount else {
      throw FileError(
        .tooLarge, source: path, expected: "a file of at most \(maximumByteCount) bytes",
        found: "\(source.count)")
    }
    return try source.bytes(0..<source.count)
  }

  /// Writes all of `bytes` to an open file, and returns an error number, 0 for none.
  ///
  /// A descriptor that does not block and has no room now is waited for.
  package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    guard let start = bytes.baseAddress else { return 0 }
    var position = 0
    while position < bytes.count {
      let count = retrying { writeSome(descriptor, start + position, bytes.count - position) }
      if count > 0 {
        position += count
      } else if count < 0, errno == EAGAIN || errno == EWOULDBLOCK {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if retrying({ poll(&wanted, 1, -1) }) < 0 { return errno }
      } else {
        return count < 0 ? errno : EIO
      }
    }
    return 0
  }

  /// Repeats a system call that a signal interrupted.
  package static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
      let result = call()
      if result != -1 || errno != EINTR { return result }
    }
  }

  /// Refuses paths that no system call can name.
  package static func requireUsable(_ path: String) throws(FileError) {
    if path.isEmpty {
      throw FileError(.notFound, source: "(empty path)", expected: "the path of a file", found: "an empty path")
    }
    if path.utf8.contains(0) {
      throw FileError(.notFound, source: path, expected: "a path without a NUL character", found: "one")
    }
  }

  /// An error number of the system as a ``FileError``.
  package static func systemError(_ number: Int32, path: String, reading: Bool) -> FileError {
    let reason = String(cString: strerror(number))
    if number == ENOENT || number == ENOTDIR {
      let expected = reading ? "an existing file" : "a file in an existing folder"
      return FileError(.notFound, source: path, expected: expected, found: reason)
    }
    let expected = reading ? "a readable file" : "a writable file"
    return FileError(reading ? .unreadable : .unwritable, source: path, expected: expected, found: reason)
  }

  /// What a file's mode says it is.
  package static func kindName(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFREG: "a regular file"
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "a special file"
    }
  }
}

/// The system's `write`, out of reach of the members that share its name.
private func writeSome(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, start, count)
}
