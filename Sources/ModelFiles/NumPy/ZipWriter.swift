import Files
import Foundation

/// Writes zip archives of stored entries, byte for byte the same for the same content.
enum ZipWriter {
  /// 1 January 1980, 0:00, the first moment that the format knows: time and date.
  private static let moment: [UInt16] = [0, 0x0021]

  /// The archive of `entries`, in their order.
  ///
  /// - Throws: `FileError` if a name is repeated or too long, or a size needs zip64, which is not
  ///   written.
  static func archive(_ entries: [(name: String, contents: Data)], source: String) throws(FileError) -> Data {
    guard entries.count < 0xffff else {
      throw FileError(.tooLarge, source: source, expected: "fewer than 65535 entries", found: "\(entries.count)")
    }
    var archive = Data()
    var directory = Data()
    var names: Set<[UInt8]> = []
    for (name, contents) in entries {
      let nameBytes = Array(name.utf8)
      guard names.insert(nameBytes).inserted else {
        throw FileError(
          .malformed, source: source, at: [.entry(name)], expected: "each name once", found: "a second one")
      }
      guard nameBytes.count <= 0xffff else {
        throw FileError(
          .tooLarge, source: source, at: [.entry(name)], expected: "a name of at most 65535 bytes",
          found: "\(nameBytes.count)")
      }
      let start = try short(archive.count, name, source)
      let size = try short(contents.count, name, source)
      let isASCII = nameBytes.allSatisfy { $0 < 0x80 }
      // Version 2.0; bit 11 says that the name is UTF-8; method 0 is "stored".
      var common = Data()
      append([20, isASCII ? 0 : 0x0800, 0] + moment, to: &common)
      append([CyclicRedundancyCheck.of(contents), size, size], to: &common)
      append([UInt16(nameBytes.count), 0], to: &common)

      append([UInt32(0x0403_4b50)], to: &archive)
      archive.append(common)
      archive.append(contentsOf: nameBytes)
      archive.append(contents)

      append([UInt32(0x0201_4b50)], to: &directory)
      append([UInt16(20)], to: &directory)
      directory.append(common)
      append([UInt16(0), 0, 0], to: &directory)
      append([UInt32(0), start], to: &directory)
      directory.append(contentsOf: nameBytes)
    }
    let start = try short(archive.count, "the directory", source)
    let size = try short(directory.count, "the directory", source)
    let count = UInt16(entries.count)
    archive.append(directory)
    append([UInt32(0x0605_4b50)], to: &archive)
    append([0, 0, count, count], to: &archive)
    append([size, start], to: &archive)
    append([UInt16(0)], to: &archive)
    return archive
  }

  /// A size or offset in the 32 bits that it has without zip64; the greatest value is a mark of its
  /// own.
  private static func short(_ value: Int, _ name: String, _ source: String) throws(FileError) -> UInt32 {
    guard value < 0xffff_ffff else {
      throw FileError(
        .tooLarge, source: source, at: [.entry(name)], expected: "an archive below 4 GiB", found: "\(value) bytes")
    }
    return UInt32(value)
  }

  private static func append<Value: StoredElement>(_ values: [Value], to data: inout Data) {
    data.append(ElementCoding.encode(values))
  }
}
