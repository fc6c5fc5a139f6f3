import Foundation

/// Files that appear whole or not at all.
///
/// A file is written beside its place first, flushed to disk, then given its name: whatever ends
/// the process, a reader sees the old file or the new one, never a part. An output that exists is
/// only replaced with `force`, and only if it is a regular file: folders, pipes, sockets and
/// devices (`/dev/null` and `/dev/stdout` too) are refused, as is a link that leads nowhere. A link
/// to a regular file stays, and the file that it leads to is replaced. A new file has the
/// permissions that the umask leaves, a replaced one keeps its own. On any failure what was written
/// beside is removed.
public enum AtomicFile {
  /// Writes `data` to the file at `path`.
  ///
  /// Without `force` an output that exists is left as it is, even one that appears while this
  /// function runs.
  ///
  /// - Throws: ``FileError``: `exists` (the text names `--force`), `notFound` for a missing folder,
  ///   `unwritable`.
  public static func write(_ data: Data, to path: String, force: Bool) throws(FileError) {
    let place = try OutputPlace(path, force: force)
    let temporary = TemporaryFile(in: place.folder)
    defer { temporary.remove() }
    let descriptor = try make(temporary, for: place)
    var failure = data.withUnsafeBytes { FileBytes.writeAll($0, to: descriptor) }
    if failure == 0 { failure = place.settle(descriptor) }
    try close(descriptor, after: failure, place)
    try publish(temporary, as: place)
  }

  /// Writes the file at `path` by means of `body`, which makes it under the temporary name that it
  /// is given.
  ///
  /// The temporary name is beside the output, and free. What `body` throws is thrown on, and
  /// nothing is written.
  ///
  /// - Throws: ``FileError`` as ``write(_:to:force:)`` does, and what `body` throws.
  public static func write<Value>(
    to path: String, force: Bool, making body: (_ temporaryPath: String) throws -> Value
  ) throws -> Value {
    let place = try OutputPlace(path, force: force)
    let temporary = TemporaryFile(in: place.folder)
    defer { temporary.remove() }
    let value = try body(temporary.path)
    let descriptor = FileBytes.retrying { open(temporary.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) }
    guard descriptor >= 0 else { throw place.failure(errno) }
    try close(descriptor, after: place.settle(descriptor), place)
    try publish(temporary, as: place)
    return value
  }

  /// Checks, before long work, that ``write(_:to:force:)`` could succeed: the output is absent or
  /// may be replaced, and files can be made in its folder, where one without content is made and
  /// removed.
  ///
  /// - Throws: what ``write(_:to:force:)`` would throw.
  public static func check(_ path: String, force: Bool) throws(FileError) {
    let place = try OutputPlace(path, force: force)
    let temporary = TemporaryFile(in: place.folder)
    defer { temporary.remove() }
    try close(try make(temporary, for: place), after: 0, place)
  }

  private static func make(_ temporary: TemporaryFile, for place: OutputPlace) throws(FileError)
    -> Int32
  {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    let descriptor = FileBytes.retrying { open(temporary.path, flags, place.creationMode) }
    guard descriptor >= 0 else { throw place.failure(errno) }
    return descriptor
  }

  private static func close(_ descriptor: Int32, after failure: Int32, _ place: OutputPlace)
    throws(FileError)
  {
    var failure = failure
    if closeFile(descriptor) != 0, failure == 0, errno != EINTR { failure = errno }
    if failure != 0 { throw place.failure(failure) }
  }

  private static func publish(_ temporary: TemporaryFile, as place: OutputPlace) throws(FileError) {
    let failure = place.publish(temporary.path)
    if failure != 0 { throw place.failure(failure) }
    place.flushFolder()
  }
}

/// The system's `close`, out of reach of the member that shares its name.
private func closeFile(_ descriptor: Int32) -> Int32 { close(descriptor) }
