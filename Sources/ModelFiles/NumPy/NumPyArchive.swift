import Files
import Foundation

/// Named NumPy arrays: the content of an npz file.
public struct NumPyArchive: Sendable, Equatable {
  /// An array and its name, without the extension `.npy` that it has in the archive.
  public struct Entry: Sendable, Equatable {
    /// The array's name.
    public var name: String
    /// The array.
    public var array: NumPyArray

    /// Names an array.
    public init(name: String, array: NumPyArray) {
      self.name = name
      self.array = array
    }
  }

  /// The most bytes that the arrays of one archive may take, unless the caller says otherwise: 4
  /// GiB.
  public static let defaultMaximumByteCount = 1 << 32

  /// The arrays, in the archive's order.
  public var entries: [Entry]
  /// The file's path or the name of its bytes, for messages; it plays no part in comparisons.
  public let source: String

  /// An archive's content from its parts. Names are checked when it is written.
  public init(entries: [Entry], source: String = "(in memory)") {
    self.entries = entries
    self.source = source
  }

  /// Reads the npz file at `path`. ``NumPyArchiveFile`` reads single arrays of one.
  public init(path: String, maximumByteCount: Int = defaultMaximumByteCount) throws(FileError) {
    try self.init(reading: NumPyArchiveFile(path: path, maximumByteCount: maximumByteCount))
  }

  /// Reads a whole npz file from its bytes: stored or deflated entries, zip64 too, all checksums
  /// verified.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - source: what to call it in messages.
  ///   - maximumByteCount: the most that all entries together may take once inflated. Nothing is
  ///     inflated beyond the size that its entry states.
  /// - Throws: `FileError`, also for an entry that is not an array of numbers.
  public init(
    bytes: Data, source: String, maximumByteCount: Int = defaultMaximumByteCount
  ) throws(FileError) {
    try self.init(
      reading: NumPyArchiveFile(ByteSource(bytes, name: source), maximumByteCount: maximumByteCount))
  }

  private init(reading file: NumPyArchiveFile) throws(FileError) {
    var entries: [Entry] = []
    for entry in file.entries { entries.append(Entry(name: entry.name, array: try file.array(entry.name))) }
    self.init(entries: entries, source: file.source)
  }

  /// The names of the arrays, in the archive's order.
  public var names: [String] { entries.map(\.name) }

  /// The array called `name`.
  ///
  /// - Throws: `FileError` of kind `missing` if there is none.
  public func array(_ name: String) throws(FileError) -> NumPyArray {
    guard let entry = entries.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw Self.missing(name, among: names, source)
    }
    return entry.array
  }

  /// The bytes of an npz file, stored without compression. The same content gives the same bytes.
  ///
  /// - Throws: `FileError` if a name is empty or repeated, or the archive would reach 4 GiB.
  public func serialized() throws(FileError) -> Data {
    if entries.contains(where: { $0.name.isEmpty }) {
      throw FileError(.malformed, source: source, expected: "a name for every array", found: "an empty one")
    }
    return try ZipWriter.archive(entries.map { ($0.name + Self.suffix, $0.array.serialized()) }, source: source)
  }

  static func missing(_ name: String, among names: [String], _ source: String) -> FileError {
    FileError(
      .missing, source: source, at: [.tensor(name)], expected: "an array of that name",
      found: names.isEmpty ? "an empty archive" : names.prefix(8).map(FileError.quoted).joined(separator: " "))
  }

  /// Whether names and arrays, in their order, are the same.
  public static func == (left: NumPyArchive, right: NumPyArchive) -> Bool { left.entries == right.entries }

  static let suffix = ".npy"
}
