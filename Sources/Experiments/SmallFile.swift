import Files
import Foundation

/// Files that people and programs write for this room: texts of a size that fits memory many times
/// over.
enum SmallFile {
  /// The bytes of a file, unless there are more than `limit` of them, which is found before any is
  /// read.
  ///
  /// - Throws: `FileError` as `FileBytes.read`, and of kind `tooLarge`.
  static func read(path: String, atMost limit: Int) throws(FileError) -> Data {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG { try require(Int(status.st_size), path, limit) }
    let data = try FileBytes.read(path: path)
    try require(data.count, path, limit)
    return data
  }

  private static func require(_ size: Int, _ path: String, _ limit: Int) throws(FileError) {
    guard size <= limit else {
      throw FileError(.tooLarge, source: path, expected: "a file of at most \(limit) bytes", found: "\(size)")
    }
  }
}
