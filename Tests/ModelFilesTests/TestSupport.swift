import Files
import Foundation
import ModelFiles
import Testing

/// A folder that exists as long as this object.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "tombola-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// A small generator with a stated seed, for test data only.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

/// Expects a ``FileError`` of a kind whose one line of text contains all of `parts`.
func expectFileError(
  _ kind: FileError.Kind, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("no error, expected \(kind)", sourceLocation: sourceLocation)
  } catch let error as FileError {
    let text = error.description
    #expect(error.kind == kind, "\(text)", sourceLocation: sourceLocation)
    #expect(!text.contains("\n"), "\(text)", sourceLocation: sourceLocation)
    for part in parts { #expect(text.contains(part), "\(text)", sourceLocation: sourceLocation) }
  } catch {
    Issue.record("another error: \(error)", sourceLocation: sourceLocation)
  }
}

extension Data {
  /// Little-endian bytes of an integer, for files made by hand.
  static func + <Value: FixedWidthInteger>(left: Data, right: Value) -> Data {
    var result = left
    Swift.withUnsafeBytes(of: right.littleEndian) { result.append(contentsOf: $0) }
    return result
  }
}
