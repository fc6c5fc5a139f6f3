import Files
import Foundation
import ModelFiles
import Testing

/// Damaged variants of valid files: each must be read or refused by a ``FileError``. A trap ends
/// the test run; a reader that believes a damaged size shows in the memory limit.
@Suite(.serialized) struct MutationTests {
  private static let variants = 4000
  private static let seed: UInt64 = 0x7041_b01a
  /// The most by which the address space may grow over one format's variants.
  private static let memoryLimit = 1 << 30

  @Test func safetensorsSurvivesDamage() throws {
    let file = SafetensorsFile(
      metadata: ["note": "é\n\u{1}", "seed": "7"],
      tensors: [
        try SafetensorsTensor(name: "a", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
        try SafetensorsTensor(name: "b", shape: [2], uint32s: [1, 2]),
        try SafetensorsTensor(name: "c", shape: [0], int64s: []),
      ])
    try survives(file.serialized()) { bytes in
      let file = try SafetensorsFile(bytes: bytes, source: "damaged")
      for tensor in file.tensors { _ = tensor.dtype == .float32 ? try tensor.floats().count : tensor.count }
      _ = try? file.serialized()
    }
  }

  @Test func npySurvivesDamage() throws {
    var fortran = try NumPyArray(shape: [3, 2, 2], int32s: Array(0..<12)).serialized()
    let word = try #require(fortran.firstRange(of: Data("False".utf8)))
    fortran.replaceSubrange(word, with: Data("True ".utf8))
    let plain = try NumPyArray(shape: [4], floats: [1, 2, 3, 4]).serialized()
    for valid in [fortran, plain] {
      try survives(valid) { bytes in
        let array = try NumPyArray(bytes: bytes, source: "damaged")
        _ = array.serialized()
        _ = try? array.integers()
      }
    }
  }

  @Test func npzSurvivesDamage() throws {
    let archive = NumPyArchive(entries: [
      .init(name: "x", array: try NumPyArray(shape: [2, 2], floats: [1, 2, 3, 4])),
      .init(name: "y", array: try NumPyArray(shape: [2], int64s: [1, 2])),
    ])
    for valid in [try archive.serialized(), deflatedNumPyArchive, zip64NumPyArchive] {
      try survives(valid) { bytes in
        _ = try NumPyArchive(bytes: bytes, source: "damaged", maximumByteCount: 1 << 24).serialized()
      }
    }
  }

  @Test func idxSurvivesDamage() throws {
    let plain = try IDXFile(elementType: .int16, dimensions: [2, 3], bytes: Data(0..<12)).serialized()
    for valid in [plain, gzippedIDX] {
      try survives(valid) { bytes in _ = try IDXFile(bytes: bytes, source: "damaged").serialized() }
    }
  }

  @Test func onnxSurvivesDamage() throws {
    try survives(try sampleONNXDocument().serialized()) { bytes in
      _ = try? ONNXDocument(bytes: bytes, source: "damaged").serialized()
      _ = try ONNXDocument(bytes: bytes, source: "damaged")
    }
  }

  /// Reads the valid file, all its truncations, and many seeded variants.
  private func survives(
    _ valid: Data, sourceLocation: SourceLocation = #_sourceLocation, _ read: (Data) throws -> Void
  ) throws {
    try read(valid)
    let before = try addressSpace()
    var generator = SplitMix64(seed: Self.seed)
    var refused = 0
    func attempt(_ bytes: Data) {
      do {
        try read(bytes)
      } catch let error as FileError {
        refused += 1
        let text = error.description
        if text.contains("\n") || !text.hasPrefix("damaged: ") {
          Issue.record("not a line about the file: \(text)", sourceLocation: sourceLocation)
        }
      } catch {
        Issue.record("another error for \(bytes.base64EncodedString()): \(error)", sourceLocation: sourceLocation)
      }
    }
    for length in 0..<valid.count { attempt(Data(valid.prefix(length))) }
    for _ in 0..<Self.variants { attempt(Self.damaged(valid, &generator)) }
    let growth = try addressSpace() - before
    #expect(refused > 0, sourceLocation: sourceLocation)
    #expect(growth < Self.memoryLimit, "grew by \(growth) bytes", sourceLocation: sourceLocation)
  }

  private static func damaged(_ valid: Data, _ generator: inout SplitMix64) -> Data {
    var bytes = [UInt8](valid)
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      if bytes.isEmpty { break }
      let index = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0, 1, 2: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 3: bytes[index] = [0, 1, 0x7f, 0x80, 0xfe, 0xff].randomElement(using: &generator)!
      case 4: bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
      case 5: bytes.insert(UInt8.random(in: .min ... .max, using: &generator), at: index)
      case 6:
        let end = min(bytes.count, index + Int.random(in: 1...9, using: &generator))
        bytes.replaceSubrange(index..<end, with: [UInt8](repeating: 0xff, count: end - index))
      default:
        let end = min(bytes.count, index + Int.random(in: 1...9, using: &generator))
        bytes.removeSubrange(index..<end)
      }
    }
    return Data(bytes)
  }

  /// The greatest size that the address space of this process has had.
  private func addressSpace() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") })
    return try #require(Int(line.filter(\.isNumber))) * 1024
  }
}
