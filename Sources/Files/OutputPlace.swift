import Foundation

/// Where an output goes: a name that nothing has yet, or a regular file that may be replaced.
struct OutputPlace {
  /// The output as it was named.
  let path: String
  /// The file itself, at the end of all links.
  let destination: String
  let force: Bool
  /// The permissions and owner of the file that is replaced, or nil where there is none.
  private let replaced: stat?

  /// Looks at an output without touching it.
  ///
  /// - Throws: ``FileError``: `exists` without `force`; `notFound` for a missing folder;
  ///   `unwritable` for what is no regular file (folders, pipes, sockets, devices, links that lead
  ///   to none of these or nowhere), and for files and folders that may not be written.
  init(_ path: String, force: Bool) throws(FileError) {
    try FileBytes.requireUsable(path)
    if path.utf8.last == UInt8(ascii: "/") {
      throw FileError(
        .unwritable, source: path, expected: "the path of a file", found: "a path that ends in '/'")
    }
    var status = stat()
    var destination = path
    if lstat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFLNK {
        (destination, status) = try Self.endOfLink(path)
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw Self.irreplaceable(path, FileBytes.kindName(status.st_mode))
      }
      if !force { throw Self.existing(path) }
      guard access(destination, W_OK) == 0 else {
        throw FileBytes.systemError(errno, path: path, reading: false)
      }
      replaced = status
    } else {
      guard errno == ENOENT else { throw FileBytes.systemError(errno, path: path, reading: false) }
      replaced = nil
    }
    (self.path, self.destination, self.force) = (path, destination, force)
    try requireFolder()
  }

  /// The file at the end of a symbolic link.
  private static func endOfLink(_ path: String) throws(FileError) -> (String, stat) {
    var (status, named) = (stat(), stat())
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { throw irreplaceable(path, "a link that leads nowhere") }
      throw FileBytes.systemError(errno, path: path, reading: false)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return (path, status) }
    // A link of /proc may lead to an open file whose name is another's by now, or none.
    guard let resolved = realpath(path, nil) else {
      throw irreplaceable(path, "a link to a file without a name")
    }
    defer { free(resolved) }
    let destination = String(cString: resolved)
    guard lstat(destination, &named) == 0, named.st_dev == status.st_dev,
      named.st_ino == status.st_ino
    else {
      throw irreplaceable(path, "a link to a file without a name")
    }
    return (destination, status)
  }

  private func requireFolder() throws(FileError) {
    if access(folder, W_OK | X_OK) == 0 { return }
    let number = errno
    if number == ENOENT {
      throw FileError(
        .notFound, source: path, expected: "an existing folder", found: "no folder '\(folder)'")
    }
    throw FileError(
      .unwritable, source: path, expected: "a writable folder",
      found: "'\(folder)': \(String(cString: strerror(number)))")
  }

  private static func irreplaceable(_ path: String, _ found: String) -> FileError {
    FileError(.unwritable, source: path, expected: "a new name or a regular file", found: found)
  }

  private static func existing(_ path: String) -> FileError {
    FileError(
      .exists, source: path, expected: "no file of that name, or --force to replace it",
      found: "one")
  }

  var folder: String { FilePath.folder(of: destination) }

  /// The permissions to make a file with, of which the umask takes its part.
  var creationMode: mode_t { replaced.map { $0.st_mode & 0o777 } ?? 0o666 }

  /// Makes a file durable, with the permissions of the one that it replaces, and its owner and
  /// group where the system lets that happen. Returns an error number, 0 for none.
  func settle(_ descriptor: Int32) -> Int32 {
    if let replaced {
      var made = stat()
      guard fstat(descriptor, &made) == 0 else { return errno }
      if (made.st_uid, made.st_gid) != (replaced.st_uid, replaced.st_gid) {
        _ = fchown(descriptor, replaced.st_uid, replaced.st_gid)
      }
      if fchmod(descriptor, replaced.st_mode & 0o777) != 0 { return errno }
    }
    return FileBytes.retrying({ fsync(descriptor) }) == 0 ? 0 : errno
  }

  /// Gives a file beside the destination its name, and returns an error number, 0 for none.
  ///
  /// Without `force`, `link` refuses an existing name in one step; file systems without links fall
  /// back on a check followed by a rename.
  func publish(_ temporary: String) -> Int32 {
    if !force {
      if link(temporary, destination) == 0 { return 0 }
      let number = errno
      guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(number) else { return number }
      var status = stat()
      if lstat(destination, &status) == 0 { return EEXIST }
    }
    return rename(temporary, destination) == 0 ? 0 : errno
  }

  /// Makes the new name durable. Some file systems cannot flush a folder; the file is in place all
  /// the same.
  func flushFolder() {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
  }

  /// An error number of the system as what became of this output.
  func failure(_ number: Int32) -> FileError {
    number == EEXIST && !force
      ? Self.existing(path) : FileBytes.systemError(number, path: path, reading: false)
  }
}
