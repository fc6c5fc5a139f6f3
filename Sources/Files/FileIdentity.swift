import Foundation

/// Which file a path leads to: links, relative paths and other spellings of one path have the same
/// identity.
///
/// ```
/// FileIdentity(of: "a.npz") == FileIdentity(of: "./a.npz")  // true, also where there is none
/// ```
///
/// Files that exist are told by device and inode, so hard links to one file are equal. A file that
/// does not exist yet is told by its folder's identity and its name.
public struct FileIdentity: Sendable, Hashable {
  private let device: UInt64
  private let inode: UInt64
  /// The name within the folder that `device` and `inode` tell, nil for a file that exists.
  private let name: String?

  /// The file that `path` leads to, or that would be made there.
  ///
  /// Nil where neither it nor its folder can be looked at. Cost: one or two system calls.
  public init?(of path: String) {
    var status = stat()
    if stat(path, &status) == 0 {
      self.init(status, name: nil)
    } else {
      guard errno == ENOENT, stat(FilePath.folder(of: path), &status) == 0 else { return nil }
      self.init(status, name: FilePath.name(of: path))
    }
  }

  /// The regular file that is open as `descriptor`; nil for anything else, such as a terminal, a
  /// pipe or a device.
  public init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    self.init(status, name: nil)
  }

  private init(_ status: stat, name: String?) {
    (device, inode, self.name) = (UInt64(status.st_dev), UInt64(status.st_ino), name)
  }
}

/// The parts of a path, as the system takes it apart.
enum FilePath {
  /// All before the last slash; "." for a name alone.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }

  /// All behind the last slash.
  static func name(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }
}
