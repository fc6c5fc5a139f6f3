import Files
import Foundation
import ModelFiles
import TestSupport
import Testing

private func read(_ bytes: Data) throws -> IDXFile { try IDXFile(bytes: bytes, source: "test-idx") }

/// Six pixels of two by three, gzipped.
let gzippedIDX = Data(
  base64Encoded: "H4sIAAAAAAACA2Ng4GBiYGAAYWZGJmYWVjYASJQ+5RIAAAA=")!

@Suite struct IDXFileTests {
  @Test func readsPlainBytes() throws {
    let file = try read(Data([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
    #expect(file.elementType == .uint8 && file.dimensions == [2, 3])
    #expect(try file.uint8s() == [1, 2, 3, 4, 5, 6])
  }

  @Test func convertsBigEndianElementsAndRoundTrips() throws {
    let file = try read(Data([0, 0, 0x0b, 1, 0, 0, 0, 2, 1, 2, 3, 4]))
    #expect(file.bytes == Data([2, 1, 4, 3]))
    for type in IDXFile.ElementType.allCases {
      for dimensions in [[], [0], [3], [2, 0, 2], [2, 3, 1]] {
        let count = dimensions.reduce(type.size, *)
        let original = try IDXFile(
          elementType: type, dimensions: dimensions, bytes: Data((0..<count).map { UInt8($0 + 1) }))
        #expect(try read(original.serialized()) == original)
      }
    }
    expectFileError(.wrongType, "test-idx", "uint8", "int16") { _ = try file.uint8s() }
  }

  @Test func readsGzippedBytes() throws {
    #expect(try read(gzippedIDX).uint8s() == [1, 2, 3, 4, 5, 6])
  }

  @Test func refusesDamagedGzip() throws {
    for length in 2..<gzippedIDX.count {
      #expect(throws: FileError.self) { try read(gzippedIDX.prefix(length)) }
    }
    expectFileError(.oversized, "after the compressed stream", "1 bytes") { _ = try read(gzippedIDX + Data([0])) }
    var wrongSum = gzippedIDX
    wrongSum[wrongSum.count - 6] ^= 1
    expectFileError(.malformed, "data check") { _ = try read(wrongSum) }
    expectFileError(.malformed, "compression method") { _ = try read(Data([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9])) }
  }

  @Test func refusesNonsense() {
    expectFileError(.truncated, "test-idx", "byte 0") { _ = try read(Data()) }
    expectFileError(.truncated, "byte 4", "dimensions") { _ = try read(Data([0, 0, 8, 3, 0, 0])) }
    expectFileError(.malformed, "byte 0") { _ = try read(Data([1, 0, 8, 1, 0, 0, 0, 0])) }
    expectFileError(.malformed, "byte 2", "10") { _ = try read(Data([0, 0, 10, 1, 0, 0, 0, 0])) }
    expectFileError(.truncated, "6 bytes for (2, 3) of uint8, found 5") {
      _ = try read(Data([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5]))
    }
    expectFileError(.oversized, "found 7") {
      _ = try read(Data([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7]))
    }
    let huge = Data([0, 0, 8, 4] + [UInt8](repeating: 0xff, count: 16))
    expectFileError(.tooLarge, "(4294967295, 4294967295, 4294967295, 4294967295)") { _ = try read(huge) }
    expectFileError(.truncated, "found 0") { _ = try read(Data([0, 0, 8, 1, 0x7f, 0xff, 0xff, 0xff])) }
  }

  @Test(.enabled(if: Python.hasNumPy, "needs numpy in the interpreter that TOMBOLA_PYTHON names"))
  func boundsGzipBombsByTheDimensions() throws {
    let folder = try TemporaryFolder()
    try Python.run(
      """
      import sys, gzip, struct
      zeros = bytes(50_000_000)
      def write(name, *parts): open(f"{sys.argv[1]}/{name}", "wb").write(gzip.compress(b"".join(parts), mtime=0))
      write("bomb", struct.pack(">BBBBI", 0, 0, 8, 1, 10), zeros)
      write("claim", struct.pack(">BBBBIII", 0, 0, 8, 3, 2 ** 31, 2 ** 20, 1), b"abc")
      write("good", struct.pack(">BBBBI", 0, 0, 8, 1, 50_000_000), zeros)
      write("multiple", struct.pack(">BBBBI", 0, 0, 8, 1, 4), b"ab")
      """, folder.path)
    expectFileError(.oversized, "bomb") { _ = try IDXFile(path: folder.file("bomb")) }
    expectFileError(.truncated, "claim", "cannot hold") { _ = try IDXFile(path: folder.file("claim")) }
    #expect(try IDXFile(path: folder.file("good")).bytes.count == 50_000_000)
    expectFileError(.truncated, "end of the compressed stream after 2") {
      _ = try IDXFile(path: folder.file("multiple"))
    }
    #expect(try IDXFile(path: folder.file("good"), first: 3).bytes == Data(count: 3))
    #expect(try IDXFile(path: folder.file("multiple"), first: 2).bytes == Data("ab".utf8))
    expectFileError(.tooLarge, "claim", "compressed ones") { _ = try IDXFile(path: folder.file("claim"), first: 1) }
    expectFileError(.truncated) { _ = try IDXFile(path: folder.file("multiple"), first: 3) }
  }

  /// The first entries are those of the whole, and a file that is not compressed has a size to be
  /// checked.
  @Test func readsTheFirstEntries() throws {
    let folder = try TemporaryFolder()
    let whole = try IDXFile(elementType: .int16, dimensions: [5, 3], bytes: Data(0..<30))
    try whole.serialized().write(to: URL(fileURLWithPath: folder.file("whole")))
    for count in [0, 1, 4, 5, 9, -1] {
      let kept = min(5, max(0, count))
      let first = try IDXFile(path: folder.file("whole"), first: count)
      #expect(first.dimensions == [kept, 3])
      #expect(first.bytes == whole.bytes.prefix(6 * kept))
    }
    try whole.serialized().dropLast().write(to: URL(fileURLWithPath: folder.file("short")))
    expectFileError(.truncated) { _ = try IDXFile(path: folder.file("short"), first: 1) }
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"),
      "needs Debian's dataset-fashion-mnist"))
  func readsFashionMNIST() throws {
    let folder = "/usr/share/datasets/fashion-mnist/"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("t10k") }
    for name in names {
      let file = try IDXFile(path: folder + name)
      #expect(file.dimensions == (name.contains("images") ? [10_000, 28, 28] : [10_000]))
    }
  }
}
