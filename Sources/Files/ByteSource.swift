import Foundation

/// Bytes that are read where they are needed: a regular file that stays open, or bytes in memory.
///
/// Readers check what a file announces against its size before they make room for anything, and a
/// file's bytes are never held beside what is made of them.
package struct ByteSource: Sendable {
  /// The file's path or the name of its bytes, for messages.
  package let name: String
  /// How many bytes there are.
  package let count: Int
  private let storage: Storage

  private enum Storage: Sendable {
    case memory(Data)
    case file(OpenFile)
  }

  /// Bytes in memory, under a name for messages.
  package init(_ bytes: Data, name: String) {
    self.name = name
    count = bytes.count
    storage = .memory(bytes.rebased)
  }

  /// The regular file at `path`, opened without waiting for anybody at its other end. Its size is
  /// taken here.
  ///
  /// - Throws: ``FileError`` if the path is empty, missing, a folder, a device, a pipe or a socket,
  ///   or not readable.
  package init(path: String) throws(FileError) {
    let file = try OpenFile(path: path)
    name = path
    count = file.count
    storage = .file(file)
  }

  /// A copy of some of the bytes. Callers have checked the range against `count`, and its size
  /// against what memory should hold.
  ///
  /// - Throws: ``FileError`` if the range leaves the bytes, the file has become shorter, or the
  ///   disk fails.
  package func bytes(_ range: Range<Int>) throws(FileError) -> Data {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw FileError(
        .truncated, source: name, at: [.byte(range.lowerBound)], expected: "\(range.count) bytes",
        found: "\(max(0, count - range.lowerBound))")
    }
    switch storage {
    case .memory(let data): return range == 0..<count ? data : data.subdata(in: range)
    case .file(let file): return try file.read(range, name)
    }
  }

  /// Calls `body` with all the bytes in order, a piece at a time.
  package func forEachPiece(
    ofAtMost pieceCount: Int = 1 << 20, _ body: (Data) throws(FileError) -> Void
  ) throws(FileError) {
    var start = 0
    while start < count {
      let end = min(count, start + pieceCount)
      try body(try bytes(start..<end))
      start = end
    }
  }
}

/// A regular file, open for reading until the last user is gone.
private final class OpenFile: Sendable {
  let descriptor: Int32
  let count: Int

  init(path: String) throws(FileError) {
    try FileBytes.requireUsable(path)
    // A pipe without a writer would hold up an open that waits.
    let descriptor = FileBytes.retrying { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    guard descriptor >= 0 else {
      let number = errno
      // Opening a socket is an error without a name of its own.
      var status = stat()
      if number == ENXIO, stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
        throw Self.notRegular(status, path)
      }
      throw FileBytes.systemError(number, path: path, reading: true)
    }
    self.descriptor = descriptor
    var status = stat()
    let result = fstat(descriptor, &status)
    let number = errno
    count = Int(clamping: status.st_size)
    // From here on `deinit` closes the file.
    guard result == 0 else { throw FileBytes.systemError(number, path: path, reading: true) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Self.notRegular(status, path) }
    guard count >= 0 else {
      throw FileError(
        .tooLarge, source: path, expected: "a file with a size", found: "\(status.st_size) bytes")
    }
  }

  deinit { close(descriptor) }

  private static func notRegular(_ status: stat, _ path: String) -> FileError {
    FileError(
      .unreadable, source: path, expected: "a regular file", found: FileBytes.kindName(status.st_mode))
  }

  func read(_ range: Range<Int>, _ path: String) throws(FileError) -> Data {
    var data = Data(count: range.count)
    var position = 0
    var failure: Int32 = 0
    data.withUnsafeMutableBytes { buffer in
      guard let start = buffer.baseAddress else { return }
      while position < buffer.count {
        let count = FileBytes.retrying {
          pread(
            descriptor, start + position, buffer.count - position, off_t(range.lowerBound + position))
        }
        if count < 0 { failure = errno }
        if count <= 0 { return }
        position += count
      }
    }
    if failure != 0 { throw FileBytes.systemError(failure, path: path, reading: true) }
    guard position == range.count else {
      throw FileError(
        .truncated, source: path, at: [.byte(range.lowerBound + position)],
        expected: "\(range.count - position) more bytes",
        found: "none: the file became shorter while it was read")
    }
    return data
  }
}

extension Data {
  /// The same bytes with index 0 for the first: a slice of other data keeps that data's indices.
  package var rebased: Data { startIndex == 0 ? self : subdata(in: startIndex..<endIndex) }
}
