import Files
import Foundation
import ModelFiles
import Testing

/// Small files that speak of more than there is: refused before there is room for it.
@Suite struct HostileArrayTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// An npy file of a header, with no elements.
  private func npy(_ shape: String, type: String = "<f4", elements: Data = Data()) -> Data {
    let text = Data("{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n".utf8)
    return Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0]) + UInt16(text.count) + text + elements
  }

  /// A zip archive of one entry, whose sizes and method are as given.
  private func zip(_ name: String, _ stored: Data, method: UInt16 = 0, count: Int? = nil) -> Data {
    let name = Data(name.utf8)
    let common =
      Data() + UInt16(20) + UInt16(0) + method + UInt32(0) + UInt32(0) + UInt32(stored.count)
      + UInt32(count ?? stored.count) + UInt16(name.count) + UInt16(0)
    let local = Data() + UInt32(0x0403_4b50) + common + name + stored
    let directory =
      Data() + UInt32(0x0201_4b50) + UInt16(20) + common + UInt16(0) + UInt16(0) + UInt16(0) + UInt32(0) + UInt32(0)
      + name
    return local + directory + UInt32(0x0605_4b50) + UInt32(0) + UInt16(1) + UInt16(1) + UInt32(directory.count)
      + UInt32(local.count) + UInt16(0)
  }

  private func write(_ data: Data, _ name: String) throws -> String {
    try data.write(to: URL(fileURLWithPath: folder.file(name)))
    return folder.file(name)
  }

  @Test func imagesWithoutPixelsAreRefused() throws {
    for shape in ["(1000000000000, 0, 6, 6)", "(0, 4611686018427387904, 1, 1)", "(3, 0, 0, 0)", "(0, 1, 2, 2)"] {
      let path = try write(zip("x.npy", npy(shape)), "x.npz")
      // Checksums of these archives are wrong: shapes are looked at first.
      expectFileError(.unsupported, "(N, C, H, W)") { _ = try ImageSetFile.load(path, part: .test) }
    }
    let images = folder.file("idx")
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    var idx = Data([0, 0, 8, 3])
    for size: UInt32 in [.max, 0, 7] { idx.append(contentsOf: withUnsafeBytes(of: size.bigEndian) { Data($0) }) }
    _ = try write(idx, "idx/t10k-images-idx3-ubyte")
    expectFileError(.unsupported, "three dimensions above 0") { _ = try ImageSetFile.load(images, part: .test) }
  }

  @Test func problemsWithoutCoordinatesAreRefused() throws {
    let archive = try NumPyArchive(entries: [
      .init(name: "candidates", array: NumPyArray(shape: [5, 0], doubles: [])),
      .init(name: "target", array: NumPyArray(shape: [1_000_000_000_000, 0], doubles: [])),
    ])
    let path = try write(archive.serialized(), "p.npz")
    expectFileError(.wrongType, "candidates", "m above 0") { _ = try ProblemFile(contentsOf: path) }
  }

  @Test func sizesAreCheckedAgainstTheBytesThereAre() throws {
    expectFileError(.truncated, "4000000000000 bytes") {
      _ = try NumPyArray(bytes: npy("(1000000, 1000000)"), source: "a")
    }
    expectFileError(.tooLarge, "2^63") { _ = try NumPyArray(bytes: npy("(0, 4611686018427387904, 8)"), source: "a") }
    expectFileError(.tooLarge, "1048576") {
      let long = Data([0x93]) + Data("NUMPY".utf8) + Data([2, 0]) + UInt32.max
      _ = try NumPyArray(bytes: long, source: "a")
    }
  }

  /// A header in a stored block of deflate, then a megabyte of zeros that claims to inflate to
  /// hundreds.
  @Test func whatUnfoldsIsDescribedButNotUnpacked() throws {
    let count = 500 << 20
    let header = npy("(\(count / 4),)")
    func stored(_ data: Data) -> Data { Data([0]) + UInt16(data.count) + ~UInt16(data.count) + data }
    let block = stored(header)
    let zeros = (0..<16).reduce(Data()) { all, _ in all + stored(Data(count: 0xffff)) }
    let bytes = zip("x.npy", block + zeros, method: 8, count: header.count + count)
    let path = try write(bytes, "bomb.npz")
    let description = try FileDescription(contentsOf: path)
    #expect(description.facts.map(\.value) == ["f4 [\(count / 4)]"])
    expectFileError(.tooLarge, "compressed", "x.npy") { _ = try NumPyArchive(path: path) }
    expectFileError(.tooLarge, "compressed", "x.npy") { _ = try NumPyArchiveFile(path: path).floats("x") }
    // A size that no deflate stream can have is refused for the archive as a whole.
    let impossible = zip("x.npy", block, method: 8, count: header.count + count)
    expectFileError(.malformed, "can hold") { _ = try FileDescription(contentsOf: write(impossible, "b.npz")) }
  }

  @Test func arraysAreReadOneAtATime() throws {
    let floats = (0..<1000).map { Float($0) / 7 }
    let archive = try NumPyArchive(entries: [
      .init(name: "a", array: NumPyArray(shape: [10, 100], floats: floats)),
      .init(name: "b", array: NumPyArray(shape: [2], int64s: [3, 4])),
    ])
    var bytes = try archive.serialized()
    let file = try NumPyArchiveFile(path: write(bytes, "two.npz"))
    #expect(file.names == ["a", "b"] && file.entries.map(\.shape) == [[10, 100], [2]])
    #expect(try file.floats("a") == floats)
    #expect(try file.array("b").int64s() == [3, 4])
    expectFileError(.wrongType, "f8", "f4") { _ = try file.doubles("a") }
    expectFileError(.missing, "'c'") { _ = try file.array("c") }
    // A damaged array does not keep others from being read.
    let last = try #require(bytes.lastRange(of: ElementBytes.of(floats[999])))
    bytes[last.lowerBound] ^= 1
    let damaged = try NumPyArchiveFile(path: write(bytes, "damaged.npz"))
    #expect(try damaged.array("b").int64s() == [3, 4])
    expectFileError(.malformed, "'a.npy'", "checksum") { _ = try damaged.floats("a") }
  }

  /// Files that no reader can hold are refused by what they start or end with, holes and all.
  @Test func aSparseFileIsNotReadWhole() throws {
    for name in ["s.npz", "s.npy", "s.onnx", "s.safetensors"] {
      let path = try write(Data(), name)
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.truncate(atOffset: 100 << 30)
      try handle.close()
      #expect(throws: FileError.self) { _ = try FileDescription(contentsOf: path) }
      #expect(throws: FileError.self) { _ = try NumPyArchive(path: path) }
      #expect(throws: FileError.self) { _ = try NumPyArray(path: path) }
      #expect(throws: FileError.self) { _ = try SafetensorsFile(path: path) }
      expectFileError(.tooLarge, "2 GiB") { _ = try ONNXDocument(path: path) }
      expectFileError(.tooLarge, "268435456") { _ = try FileBytes.read(path: path) }
    }
  }

  @Test func whatIsNoRegularFileIsNotWaitedFor() throws {
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/zero", folder.path] {
      expectFileError(.unreadable, "regular file") { _ = try FileDescription(contentsOf: path) }
      expectFileError(.unreadable, "regular file") { _ = try ONNXDocument(path: path) }
      expectFileError(.unreadable, "regular file") { _ = try SafetensorsFile(path: path) }
      expectFileError(.unreadable, "regular file") { _ = try ProblemFile(contentsOf: path) }
      expectFileError(.unreadable, "regular file") { _ = try TicketFile.digest(ofFile: path) }
    }
  }
}

/// Little-endian bytes of a number.
private enum ElementBytes {
  static func of(_ value: Float) -> Data { Data() + value.bitPattern }
}
