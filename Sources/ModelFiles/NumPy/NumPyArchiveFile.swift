import Files
import Foundation

/// An npz file on disk: what its arrays are, read at once, and their elements, read when they are
/// asked for.
///
/// Opening one reads the archive's directory and the head of each array, whatever the arrays unpack
/// to.
public struct NumPyArchiveFile: Sendable {
  /// What an array's header says.
  public struct Entry: Sendable {
    /// The array's name, without the extension `.npy` that it has in the archive.
    public let name: String
    /// The type of the elements.
    public let elementType: NumPyElementType
    /// The dimensions, outermost first.
    public let shape: [Int]
    let place: ZipReader.Entry
  }

  /// The arrays, in the archive's order.
  public let entries: [Entry]
  /// The file's path or the name of its bytes, for messages.
  public let source: String
  private let archive: ZipReader

  /// Opens the npz file at `path`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - maximumByteCount: the most that all entries together may say they inflate to.
  /// - Throws: `FileError`, also for an entry that is not an array of numbers, or not of the size
  ///   that its header says. Checksums are verified when elements are read.
  public init(
    path: String, maximumByteCount: Int = NumPyArchive.defaultMaximumByteCount
  ) throws(FileError) {
    try self.init(ByteSource(path: path), maximumByteCount: maximumByteCount)
  }

  init(_ bytes: ByteSource, maximumByteCount: Int) throws(FileError) {
    source = bytes.name
    archive = try ZipReader(bytes, maximumByteCount: maximumByteCount)
    var entries: [Entry] = []
    for place in archive.entries {
      guard place.name.hasSuffix(NumPyArchive.suffix) else {
        throw FileError(
          .unsupported, source: source, at: [.entry(place.name)],
          expected: "entries that end in \(NumPyArchive.suffix)", found: "another name")
      }
      let header = try Self.elements(at: place, of: archive).header
      entries.append(
        Entry(
          name: String(place.name.dropLast(NumPyArchive.suffix.count)), elementType: header.elementType,
          shape: header.shape, place: place))
    }
    self.entries = entries
  }

  /// The names of the arrays, in the archive's order.
  public var names: [String] { entries.map(\.name) }

  /// What the header of the array called `name` says.
  ///
  /// - Throws: `FileError` of kind `missing` if there is none.
  public func entry(_ name: String) throws(FileError) -> Entry {
    guard let entry = entries.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw NumPyArchive.missing(name, among: names, source)
    }
    return entry
  }

  /// The array called `name`, its checksum verified.
  ///
  /// - Throws: `FileError` if there is none, or its bytes are damaged.
  public func array(_ name: String) throws(FileError) -> NumPyArray {
    let place = try entry(name).place
    return try within(place) { () throws(FileError) in
      try NumPyArray(reading: Self.elements(at: place, of: archive))
    }
  }

  /// The elements of an array of type f4; any other type is an error. They are held once.
  public func floats(_ name: String) throws(FileError) -> [Float] { try elements(name, .float32) }

  /// The elements of an array of type f8; any other type is an error. They are held once.
  public func doubles(_ name: String) throws(FileError) -> [Double] { try elements(name, .float64) }

  /// Checks that an array's elements are of a size that the file may well hold, before there is
  /// room for them.
  ///
  /// - Throws: `FileError` for compressed bytes that would grow beyond
  ///   ``Inflater/plausibleExpansion``.
  func requirePlausible(_ name: String) throws(FileError) {
    let place = try entry(name).place
    try within(place) { () throws(FileError) in
      try Self.elements(at: place, of: archive).requirePlausible()
    }
  }

  /// Calls `body` with the elements of an array in C order, `count` at a time: f4 as they are, f8
  /// rounded, u1 as numbers from 0 to 255.
  func forEachRun(
    of count: Int, in name: String, _ body: ([Float]) throws(FileError) -> Void
  ) throws(FileError) {
    let entry = try entry(name)
    try within(entry.place) { () throws(FileError) in
      let elements = try Self.elements(at: entry.place, of: archive)
      switch entry.elementType {
      case .float32: try elements.forEachRun(of: count, Float.self, body)
      case .float64:
        try elements.forEachRun(of: count, Double.self) { (run) throws(FileError) in
          try body(run.map { Float($0) })
        }
      case .uint8:
        try elements.forEachRun(of: count, UInt8.self) { (run) throws(FileError) in
          try body(run.map { Float($0) })
        }
      default:
        throw FileError(
          .wrongType, source: source, at: [.entry(entry.name)], expected: "elements of type f4, f8 or u1",
          found: "\(entry.elementType)")
      }
    }
  }

  private func elements<Element: StoredElement>(
    _ name: String, _ wanted: NumPyElementType
  ) throws(FileError) -> [Element] {
    let entry = try entry(name)
    try require(entry, wanted)
    return try within(entry.place) { () throws(FileError) in
      let elements = try Self.elements(at: entry.place, of: archive)
      try elements.requirePlausible()
      var values: [Element] = []
      values.reserveCapacity(elements.header.byteCount / MemoryLayout<Element>.size)
      try elements.forEachRun(of: 1 << 18, Element.self) { (run) throws(FileError) in values += run }
      return values
    }
  }

  private func require(_ entry: Entry, _ wanted: NumPyElementType) throws(FileError) {
    guard entry.elementType == wanted else {
      throw FileError(
        .wrongType, source: source, at: [.entry(entry.name)], expected: "elements of type \(wanted)",
        found: "\(entry.elementType)")
    }
  }

  private static func elements(
    at place: ZipReader.Entry, of archive: ZipReader
  ) throws(FileError) -> NumPyElements {
    do throws(FileError) {
      return try NumPyElements(archive.stream(of: place), byteCount: place.count)
    } catch {
      throw error.within(.entry(place.name))
    }
  }

  /// Names the entry in errors about its elements.
  private func within<Value>(
    _ place: ZipReader.Entry, _ body: () throws(FileError) -> Value
  ) throws(FileError) -> Value {
    do throws(FileError) { return try body() } catch {
      throw error.location.first == .entry(place.name) ? error : error.within(.entry(place.name))
    }
  }
}
