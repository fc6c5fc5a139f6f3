import Foundation

/// Whole files into memory.
public enum FileBytes {
  /// The bytes of the regular file at `path`.
  ///
  /// The file's size is taken when it is opened. A file that has become shorter by the time it has been read is an
  /// error; what is appended meanwhile is not read.
  ///
  /// - Throws: ``FileError`` if the path is empty, missing, a folder, a device or pipe, or not readable.
  public static func read(path: String) throws(FileError) -> Data {
    try requireUsable(path)
    let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw systemError(errno, path: path, reading: true) }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError(errno, path: path, reading: true) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(.unreadable, source: path, expected: "a regular file", found: kindName(status.st_mode))
    }
    guard let size = Int(exactly: status.st_size), size >= 0 else {
      throw FileError(.tooLarge, source: path, expected: "a file that fits memory", found: "\(status.st_size) bytes")
    }

    var data = Data(count: size)
    var position = 0
    var failure: Int32 = 0
    data.withUnsafeMutableBytes { buffer in
      while position < size {
        let count = retrying { readSome(descriptor, buffer.baseAddress! + position, size - position) }
        if count < 0 { failure = errno }
        if count <= 0 { return }
        position += count
      }
    }
    if failure != 0 { throw systemError(failure, path: path, reading: true) }
    guard position == size else {
      throw FileError(
        .truncated, source: path, at: [.byte(position)], expected: "\(size) bytes",
        found: "\(position): the file became shorter while it was read")
    }
    return data
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

/// The system's `read`, out of reach of the members that share its name.
private func readSome(_ descriptor: Int32, _ start: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, start, count)
}
