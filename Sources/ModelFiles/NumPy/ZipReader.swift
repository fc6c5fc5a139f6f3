import Files
import Foundation

/// A zip archive, read by its central directory; its entries are read when they are asked for.
struct ZipReader {
  /// One entry of the central directory.
  struct Entry {
    var name: String
    var isDeflated: Bool
    var checksum: UInt32
    var compressedCount: Int
    var count: Int
    /// The offset of the entry's local header.
    var headerStart: Int
  }

  private let source: ByteSource
  /// The entries, in the directory's order.
  private(set) var entries: [Entry] = []
  private let directoryStart: Int

  private static let endSignature: UInt32 = 0x0605_4b50
  private static let locatorSignature: UInt32 = 0x0706_4b50
  private static let longEndSignature: UInt32 = 0x0606_4b50
  private static let entrySignature: UInt32 = 0x0201_4b50
  private static let localSignature: UInt32 = 0x0403_4b50
  private static let endLength = 22
  private static let locatorLength = 20
  private static let longEndLength = 56

  /// More entries than any archive of arrays has.
  private static let greatestEntryCount = 1 << 16

  /// Reads the directory of an archive.
  ///
  /// - Parameter maximumByteCount: the most that all entries together may say they inflate to.
  init(_ source: ByteSource, maximumByteCount: Int) throws(FileError) {
    self.source = source
    let directory = try Self.directory(of: source)
    directoryStart = directory.range.lowerBound
    var cursor = ByteCursor(
      try source.bytes(directory.range), source: source.name, baseOffset: directory.range.lowerBound)
    let source = source.name
    var names: Set<[UInt8]> = []
    var total = 0
    for _ in 0..<directory.count {
      let start = cursor.offset
      let entry = try Self.entry(&cursor, source)
      guard names.insert(Array(entry.name.utf8)).inserted else {
        throw FileError(
          .malformed, source: source, at: [.byte(start), .entry(entry.name)], expected: "each name once",
          found: "a second one")
      }
      guard let sum = CheckedSizes.sum(total, entry.count), sum <= maximumByteCount else {
        throw FileError(
          .tooLarge, source: source, at: [.entry(entry.name)],
          expected: "at most \(maximumByteCount) bytes in all entries", found: "\(entry.count) after \(total)")
      }
      total = sum
      entries.append(entry)
    }
    guard cursor.remaining == 0 else {
      throw FileError(
        .malformed, source: source, at: [.byte(cursor.offset)], expected: "a directory of \(directory.count) entries",
        found: "\(cursor.remaining) more bytes")
    }
    try requireSeparateEntries()
  }

  /// An entry's bytes from its start on; after the last of them their checksum is verified.
  func stream(of entry: Entry) throws(FileError) -> ByteStream {
    try ByteStream(
      source, range: try dataRange(of: entry), encoding: entry.isDeflated ? .deflated : .plain,
      checksum: entry.checksum)
  }

  /// Where an entry's compressed bytes lie: after its local header, before the directory.
  private func dataRange(of entry: Entry) throws(FileError) -> Range<Int> {
    guard entry.headerStart <= directoryStart else {
      throw FileError(
        .malformed, source: source.name, at: [.entry(entry.name)],
        expected: "a header before byte \(directoryStart)", found: "byte \(entry.headerStart)")
    }
    // A local header has two lengths of at most 65535 bytes each behind 26 others.
    let end = min(directoryStart, entry.headerStart + 30 + 2 * 0xffff)
    do throws(FileError) {
      var cursor = ByteCursor(
        try source.bytes(entry.headerStart..<end), source: source.name, baseOffset: entry.headerStart)
      let source = source.name
      let signature = try cursor.integer(UInt32.self, "a local header")
      guard signature == Self.localSignature else {
        throw FileError(
          .malformed, source: source, at: [.byte(entry.headerStart)], expected: "a local header",
          found: "the mark \(String(signature, radix: 16))")
      }
      try cursor.skip(22, "a local header")
      let nameLength = try cursor.size(UInt16.self, "the length of a name")
      let extraLength = try cursor.size(UInt16.self, "the length of extra fields")
      let nameStart = cursor.offset
      let name = try cursor.take(nameLength, "a name")
      guard name.elementsEqual(entry.name.utf8) else {
        throw FileError(
          .malformed, source: source, at: [.byte(nameStart)], expected: "the name that the directory has",
          found: FileError.quoted(String(decoding: name, as: UTF8.self)))
      }
      try cursor.skip(extraLength, "extra fields")
      let start = cursor.offset
      guard entry.compressedCount <= directoryStart - start else {
        throw FileError(
          .truncated, source: source, at: [.byte(start)],
          expected: "the entry's bytes (\(entry.compressedCount) bytes)", found: "\(directoryStart - start) bytes")
      }
      return start..<start + entry.compressedCount
    } catch {
      throw error.within(.entry(entry.name))
    }
  }

  /// Refuses entries that share bytes: the way by which a small archive unfolds into a vast one.
  private func requireSeparateEntries() throws(FileError) {
    var position = 0
    for entry in entries.sorted(by: { $0.headerStart < $1.headerStart }) {
      guard entry.headerStart >= position else {
        throw FileError(
          .malformed, source: source.name, at: [.entry(entry.name)], expected: "entries that do not overlap",
          found: "one that starts at byte \(entry.headerStart), before \(position)")
      }
      position = try dataRange(of: entry).upperBound
    }
  }

  /// The range of the central directory and its count of entries.
  private static func directory(
    of bytes: ByteSource
  ) throws(FileError) -> (range: Range<Int>, count: Int) {
    let endStart = try findEnd(bytes)
    let source = bytes.name
    var cursor = ByteCursor(
      try bytes.bytes(endStart..<endStart + endLength), source: source, baseOffset: endStart)
    try cursor.skip(4, "the end record")
    let disk = try cursor.integer(UInt16.self, "a disk number")
    let directoryDisk = try cursor.integer(UInt16.self, "a disk number")
    let diskCount = try cursor.size(UInt16.self, "a count of entries")
    var count = try cursor.size(UInt16.self, "a count of entries")
    var size = try cursor.size(UInt32.self, "the size of the directory")
    var start = try cursor.size(UInt32.self, "the offset of the directory")
    var directoryEnd = endStart

    if let place = try longEnd(before: endStart, of: bytes) {
      let end = min(endStart - locatorLength, place + longEndLength)
      var long = ByteCursor(try bytes.bytes(place..<end), source: source, baseOffset: place)
      guard try long.integer(UInt32.self, "the zip64 end record") == longEndSignature else {
        throw FileError(
          .malformed, source: source, at: [.byte(place)], expected: "the zip64 end record", found: "another mark")
      }
      try long.skip(28, "the zip64 end record")
      count = try long.size(UInt64.self, "a count of entries")
      size = try long.size(UInt64.self, "the size of the directory")
      start = try long.size(UInt64.self, "the offset of the directory")
      directoryEnd = place
    } else if disk != 0 || directoryDisk != 0 || diskCount != count {
      throw FileError(
        .unsupported, source: source, at: [.byte(endStart)], expected: "an archive in one file", found: "a part of one")
    }
    guard let end = CheckedSizes.sum(start, size), end == directoryEnd else {
      throw FileError(
        .malformed, source: source, at: [.byte(endStart)],
        expected: "a directory that ends at byte \(directoryEnd)", found: "\(size) bytes from byte \(start)")
    }
    // An entry takes at least 46 bytes.
    let greatest = min(size / 46, greatestEntryCount)
    guard count <= greatest else {
      throw FileError(
        .malformed, source: source, at: [.byte(endStart)], expected: "at most \(greatest) entries in \(size) bytes",
        found: "\(count)")
    }
    guard size <= count * (46 + 3 * 0xffff) else {
      throw FileError(
        .malformed, source: source, at: [.byte(endStart)], expected: "a directory of \(count) entries",
        found: "\(size) bytes")
    }
    return (start..<end, count)
  }

  /// The offset of the zip64 end record, or nil if there is no locator of one before the end
  /// record.
  private static func longEnd(before endStart: Int, of bytes: ByteSource) throws(FileError) -> Int? {
    guard endStart >= locatorLength else { return nil }
    let start = endStart - locatorLength
    let source = bytes.name
    var locator = ByteCursor(try bytes.bytes(start..<endStart), source: source, baseOffset: start)
    guard try locator.integer(UInt32.self, "a zip64 locator") == locatorSignature else { return nil }
    try locator.skip(4, "a disk number")
    let place = try locator.size(UInt64.self, "the offset of the zip64 end record")
    guard place <= start else {
      throw FileError(
        .malformed, source: source, at: [.byte(start)], expected: "a zip64 end record before its locator",
        found: "the offset \(place)")
    }
    return place
  }

  /// The offset of the end record, which closes the file with a comment of the length it states.
  private static func findEnd(_ bytes: ByteSource) throws(FileError) -> Int {
    let source = bytes.name
    guard bytes.count >= endLength else {
      throw FileError(
        .truncated, source: source, expected: "a zip archive of at least \(endLength) bytes", found: "\(bytes.count)")
    }
    let tail = [UInt8](try bytes.bytes(max(0, bytes.count - endLength - 0xffff)..<bytes.count))
    var index = tail.count - endLength
    while index >= 0 {
      if tail[index] == 0x50, tail[index + 1] == 0x4b, tail[index + 2] == 0x05, tail[index + 3] == 0x06 {
        let comment = Int(tail[index + 20]) | Int(tail[index + 21]) << 8
        if index + endLength + comment == tail.count { return bytes.count - tail.count + index }
      }
      index -= 1
    }
    throw FileError(
      .malformed, source: source, expected: "a zip archive that closes with its end record",
      found: "none: not a zip archive, cut short, or with bytes after its end")
  }

  private static func entry(_ cursor: inout ByteCursor, _ source: String) throws(FileError) -> Entry {
    let start = cursor.offset
    guard try cursor.integer(UInt32.self, "a directory entry") == entrySignature else {
      throw FileError(
        .malformed, source: source, at: [.byte(start)], expected: "a directory entry", found: "another mark")
    }
    try cursor.skip(4, "versions")
    let flags = try cursor.integer(UInt16.self, "flags")
    let method = try cursor.integer(UInt16.self, "a method")
    try cursor.skip(4, "a time")
    let checksum = try cursor.integer(UInt32.self, "a checksum")
    var compressedCount = try cursor.size(UInt32.self, "a size")
    var count = try cursor.size(UInt32.self, "a size")
    let nameLength = try cursor.size(UInt16.self, "the length of a name")
    let extraLength = try cursor.size(UInt16.self, "the length of extra fields")
    let commentLength = try cursor.size(UInt16.self, "the length of a comment")
    try cursor.skip(8, "a disk number and attributes")
    var headerStart = try cursor.size(UInt32.self, "an offset")
    let nameBytes = try cursor.take(nameLength, "a name")
    guard let name = String(validating: nameBytes, as: UTF8.self) else {
      throw FileError(
        .unsupported, source: source, at: [.byte(start)], expected: "a name in UTF-8",
        found: FileError.quoted(String(decoding: nameBytes, as: UTF8.self)))
    }
    let place: [FileError.Location] = [.byte(start), .entry(name)]
    let extra = try cursor.take(extraLength, "extra fields")
    try cursor.skip(commentLength, "a comment")

    if flags & 0x2041 != 0 {
      throw FileError(.unsupported, source: source, at: place, expected: "a plain entry", found: "an encrypted one")
    }
    guard method == 0 || method == 8 else {
      throw FileError(
        .unsupported, source: source, at: place, expected: "method 0 (stored) or 8 (deflated)", found: "\(method)")
    }
    try readLongSizes(extra, &count, &compressedCount, &headerStart, at: place, source)
    guard method == 8 || count == compressedCount else {
      throw FileError(
        .malformed, source: source, at: place, expected: "a stored entry of one size",
        found: "\(compressedCount) bytes for \(count)")
    }
    guard count <= Inflater.greatestOutput(of: compressedCount) else {
      throw FileError(
        .malformed, source: source, at: place, expected: "a size that \(compressedCount) compressed bytes can hold",
        found: "\(count)")
    }
    return Entry(
      name: name, isDeflated: method == 8, checksum: checksum, compressedCount: compressedCount, count: count,
      headerStart: headerStart)
  }

  /// Replaces the sizes that a directory entry marks as too long for it by those of its zip64
  /// field.
  private static func readLongSizes(
    _ extra: Data, _ count: inout Int, _ compressedCount: inout Int, _ headerStart: inout Int,
    at place: [FileError.Location], _ source: String
  ) throws(FileError) {
    let mark = 0xffff_ffff
    guard count == mark || compressedCount == mark || headerStart == mark else { return }
    var cursor = ByteCursor(extra, source: source)
    do throws(FileError) {
      while cursor.remaining > 0 {
        let identifier = try cursor.integer(UInt16.self, "an extra field")
        let length = try cursor.size(UInt16.self, "the length of an extra field")
        guard identifier == 1 else {
          try cursor.skip(length, "an extra field")
          continue
        }
        if count == mark { count = try cursor.size(UInt64.self, "a zip64 size") }
        if compressedCount == mark { compressedCount = try cursor.size(UInt64.self, "a zip64 size") }
        if headerStart == mark { headerStart = try cursor.size(UInt64.self, "a zip64 offset") }
        return
      }
    } catch {
      // The offsets of this cursor are the field's own; the entry's place tells where that is.
      throw FileError(error.kind, source: source, at: place, expected: error.expected, found: error.found)
    }
    // Without the field the values mean what they say.
  }
}
