import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import Testing

/// Images and labels from folders of IDX files and from npz archives.
@Suite struct ImageSetFileTests {
  private func idx(_ dimensions: [Int], _ values: [UInt8]) -> Data {
    var data = Data([0, 0, 8, UInt8(dimensions.count)])
    for size in dimensions { data.append(contentsOf: withUnsafeBytes(of: UInt32(size).bigEndian) { Data($0) }) }
    return data + Data(values)
  }

  /// Three test images of 2 × 2 and 401 training images of 1 × 1.
  private func folder(labels: [UInt8] = [2, 0, 1]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let files: [(String, Data)] = [
      ("t10k-images-idx3-ubyte", idx([3, 2, 2], (0..<12).map { UInt8($0 * 20) })),
      ("t10k-labels-idx1-ubyte", idx([labels.count], labels)),
      ("train-images-idx3-ubyte", idx([401, 1, 1], (0..<401).map { UInt8($0 % 256) })),
    ]
    for (name, data) in files { try data.write(to: URL(fileURLWithPath: folder.file(name))) }
    return folder
  }

  private func archive(_ entries: [(String, NumPyArray)]) throws -> (TemporaryFolder, String) {
    let folder = try TemporaryFolder()
    let archive = NumPyArchive(entries: entries.map { NumPyArchive.Entry(name: $0.0, array: $0.1) })
    try archive.serialized().write(to: URL(fileURLWithPath: folder.file("data.npz")))
    return (folder, folder.file("data.npz"))
  }

  @Test func aFolderHasTestAndCalibrationImages() throws {
    let folder = try folder()
    let test = try ImageSetFile.load(folder.path, part: .test)
    #expect(test.images.shape == ImageShape(height: 2, width: 2, channels: 1))
    #expect(test.labels == [2, 0, 1])
    #expect(test.images.values == (0..<12).map { Float(Double($0 * 20) / 127.5 - 1) })
    let raw = try ImageSetFile.load(folder.path, part: .test, scale: (1, 0))
    #expect(raw.images.values == (0..<12).map { Float($0 * 20) })
    let calibration = try ImageSetFile.load(folder.path, part: .calibration)
    #expect(calibration.images.batch == 400 && calibration.labels == nil, "never labels")
  }

  @Test func aFoldersFaultsAreNamed() throws {
    let short = try folder(labels: [1, 2])
    expectFileError(.malformed, "t10k-labels", "3 labels", "[2]") {
      _ = try ImageSetFile.load(short.path, part: .test)
    }
    try FileManager.default.removeItem(atPath: short.file("t10k-labels-idx1-ubyte"))
    expectFileError(.notFound, "t10k-labels-idx1-ubyte.gz or t10k-labels-idx1-ubyte", "neither") {
      _ = try ImageSetFile.load(short.path, part: .test)
    }
    expectFileError(.notFound, "no-such.npz") { _ = try ImageSetFile.load("no-such.npz", part: .test) }
  }

  @Test func anArchiveIsChannelsFirst() throws {
    // Two images of 3 channels, 1 × 2 pixels.
    let x = try NumPyArray(shape: [2, 3, 1, 2], floats: (0..<12).map(Float.init))
    let (folder, path) = try archive([("x", x), ("y", try NumPyArray(shape: [2], int64s: [4, 0]))])
    let data = try ImageSetFile.load(path, part: .test)
    #expect(data.images.shape == ImageShape(height: 1, width: 2, channels: 3))
    #expect(data.images.values == [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11])
    #expect(data.labels == [4, 0])
    let scaled = try ImageSetFile.load(path, part: .test, scale: (0.5, 1))
    #expect(scaled.images.values == data.images.values.map { $0 / 2 + 1 })
    #expect(try ImageSetFile.load(path, part: .calibration).labels == nil)
    let many = try NumPyArray(shape: [500, 1, 1, 1], floats: (0..<500).map(Float.init))
    let (other, manyPath) = try archive([("x", many)])
    #expect(try ImageSetFile.load(manyPath, part: .calibration).images.batch == 500, "all that were given")
    _ = (folder, other)
  }

  @Test func labelsAreOptionalInAnArchive() throws {
    let (folder, path) = try archive([("x", try NumPyArray(shape: [1, 1, 1, 1], floats: [0.5]))])
    #expect(try ImageSetFile.load(path, part: .test).labels == nil)
    _ = folder
  }

  /// Rows, images of one row of pixels, and numbers of other types.
  @Test func arraysOfOtherRanksAndTypesAreRead() throws {
    func images(_ array: NumPyArray, scale: (Double, Double)? = nil) throws -> Tensor<Float> {
      let (folder, path) = try archive([("x", array)])
      defer { _ = folder }
      return try ImageSetFile.load(path, part: .test, scale: scale).images
    }
    let rows = try images(NumPyArray(shape: [2, 3], doubles: [1, 2, 3, 0.1, 5, 6]))
    #expect(rows.batch == 2 && rows.shape == ImageShape(height: 1, width: 1, channels: 3))
    #expect(rows.values == [1, 2, 3, Float(0.1), 5, 6])
    let lines = try images(NumPyArray(shape: [1, 2, 3], floats: [1, 2, 3, 4, 5, 6]))
    #expect(lines.shape == ImageShape(height: 1, width: 3, channels: 2))
    #expect(lines.values == [1, 4, 2, 5, 3, 6])
    let bytes = try images(NumPyArray(shape: [1, 1, 1, 2], uint8s: [0, 255]), scale: (2, -1))
    #expect(bytes.values == [-1, 509])
  }

  @Test func anArchivesFaultsAreNamed() throws {
    let one = try NumPyArray(shape: [1, 1, 1, 1], floats: [0.5])
    func load(_ entries: [(String, NumPyArray)]) throws {
      let (folder, path) = try archive(entries)
      _ = try ImageSetFile.load(path, part: .test)
      _ = folder
    }
    expectFileError(.missing, "'x'") { try load([("y", one)]) }
    expectFileError(.unsupported, "'x'", "(N, C, H, W)") {
      try load([("x", try NumPyArray(shape: [1], floats: [0.5]))])
    }
    expectFileError(.malformed, "'y'", "1 labels") {
      try load([("x", one), ("y", try NumPyArray(shape: [2], int64s: [1, 1]))])
    }
    expectFileError(.wrongType, "'y'") { try load([("x", one), ("y", try NumPyArray(shape: [1], floats: [1]))]) }
    expectFileError(.wrongType, "'x'") { try load([("x", try NumPyArray(shape: [1, 1, 1, 1], int64s: [1]))]) }
    #expect(throws: ConvolutionError.self) {
      try load([("x", try NumPyArray(shape: [1, 1, 1, 1], floats: [.nan]))])
    }
    #expect(throws: ConvolutionError.self) { try load([("x", one), ("y", try NumPyArray(shape: [1], int64s: [-1]))]) }
  }
}
