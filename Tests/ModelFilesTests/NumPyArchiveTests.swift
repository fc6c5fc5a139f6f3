import Foundation
import ModelFiles
import Testing

private func read(_ bytes: Data) throws -> NumPyArchive { try NumPyArchive(bytes: bytes, source: "test.npz") }

private func archive() throws -> NumPyArchive {
  NumPyArchive(entries: [
    .init(name: "x", array: try NumPyArray(shape: [2], floats: [1, 2])),
    .init(name: "y", array: try NumPyArray(shape: [1], int64s: [5])),
  ])
}

/// The offset of the first occurrence of a mark.
private func find(_ mark: [UInt8], in bytes: Data) throws -> Int {
  try #require(bytes.firstRange(of: Data(mark))).lowerBound
}

private let directoryMark: [UInt8] = [0x50, 0x4b, 1, 2]
private let endMark: [UInt8] = [0x50, 0x4b, 5, 6]

@Suite struct NumPyArchiveTests {
  @Test func roundTripsAndRepeats() throws {
    let archive = try archive()
    let bytes = try archive.serialized()
    #expect(try archive.serialized() == bytes)
    #expect(try read(bytes) == archive)
    #expect(try read(NumPyArchive(entries: []).serialized()).entries.isEmpty)
    #expect(try read(bytes).array("y").int64s() == [5])
  }

  @Test func readsASliceOfOtherData() throws {
    var padded = Data([9, 9, 9])
    padded.append(try archive().serialized())
    #expect(try read(padded[3...]) == archive())
  }

  @Test func namesWhatIsMissing() throws {
    expectFileError(.missing, "test.npz", "'z'", "'x' 'y'") { _ = try read(archive().serialized()).array("z") }
  }

  @Test func refusesRepeatedAndEmptyNames() throws {
    var twice = try archive()
    twice.entries.append(twice.entries[0])
    expectFileError(.malformed, "'x.npy'", "second") { _ = try twice.serialized() }
    twice.entries = [.init(name: "", array: twice.entries[0].array)]
    expectFileError(.malformed, "empty") { _ = try twice.serialized() }
  }

  @Test func checksChecksums() throws {
    var bytes = try archive().serialized()
    let data = try find([0x93, 0x4e, 0x55], in: bytes)
    bytes[data + 128] ^= 1
    expectFileError(.malformed, "'x.npy'", "checksum") { _ = try read(bytes) }
  }

  @Test func refusesTrailingBytesAndOtherFiles() throws {
    let bytes = try archive().serialized()
    expectFileError(.malformed, "end record") { _ = try read(bytes + Data([0])) }
    expectFileError(.malformed) { _ = try read(Data([0]) + bytes) }
    expectFileError(.malformed, "end record") { _ = try read(bytes.dropLast()) }
    expectFileError(.truncated) { _ = try read(Data()) }
    expectFileError(.malformed) { _ = try read(Data(repeating: 0, count: 100_000)) }
  }

  @Test func refusesEncryptionOtherMethodsAndOtherEntries() throws {
    let bytes = try archive().serialized()
    let entry = try find(directoryMark, in: bytes)
    var changed = bytes
    changed[entry + 8] = 1
    expectFileError(.unsupported, "'x.npy'", "encrypted") { _ = try read(changed) }
    changed = bytes
    changed[entry + 10] = 14
    expectFileError(.unsupported, "'x.npy'", "14") { _ = try read(changed) }
    var renamed = bytes
    var position = renamed.startIndex
    while let range = renamed.firstRange(of: Data("x.npy".utf8), in: position..<renamed.endIndex) {
      renamed.replaceSubrange(range, with: Data("x.txt".utf8))
      position = range.upperBound
    }
    expectFileError(.unsupported, "'x.txt'", ".npy") { _ = try read(renamed) }
  }

  @Test func refusesSizesThatCannotBe() throws {
    let bytes = try archive().serialized()
    let entry = try find(directoryMark, in: bytes)
    let end = try find(endMark, in: bytes)
    for (offset, part) in [(20, "stored entry of one size"), (24, "stored entry of one size"), (42, "before byte")] {
      var changed = bytes
      changed[entry + offset + 3] = 0x7f
      expectFileError(.malformed, part) { _ = try read(changed) }
    }
    // A deflated entry that claims more than its bytes could ever inflate to.
    var bomb = bytes
    bomb[entry + 10] = 8
    bomb[entry + 27] = 0x7f
    expectFileError(.malformed, "'x.npy'", "can hold") { _ = try read(bomb) }
    var many = bytes
    many[end + 8] = 0xfe
    many[end + 10] = 0xfe
    many[end + 9] = 0xff
    many[end + 11] = 0xff
    expectFileError(.malformed, "at most", "65534") { _ = try read(many) }
  }

  @Test func refusesEntriesThatShareBytes() throws {
    var bytes = try archive().serialized()
    let first = try find(directoryMark, in: bytes)
    let second = first + 46 + 5
    // The second entry of the directory is made the first again, under another name.
    bytes.replaceSubrange(second + 16..<second + 28, with: bytes.subdata(in: first + 16..<first + 28))
    bytes.replaceSubrange(second + 42..<second + 46, with: bytes.subdata(in: first + 42..<first + 46))
    expectFileError(.malformed, "overlap") { _ = try read(bytes) }
  }

  @Test func refusesNonsenseInsideAnEntry() throws {
    let bytes = try archive().serialized()
    expectFileError(.tooLarge, "at most 100 bytes") {
      _ = try NumPyArchive(bytes: bytes, source: "test.npz", maximumByteCount: 100)
    }
    #expect(try NumPyArchive(bytes: bytes, source: "test.npz", maximumByteCount: 272) == archive())
  }
}
