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

/// The Python interpreter for tests against the public libraries: the one that `TOMBOLA_PYTHON` names, or `python3`.
enum Python {
  static let interpreter = ProcessInfo.processInfo.environment["TOMBOLA_PYTHON"] ?? "python3"

  static let hasNumPy = canImport("numpy")
  static let hasSafetensors = canImport("numpy, safetensors, safetensors.numpy")
  static let hasONNXRuntime = canImport("numpy, onnxruntime")
  static let hasONNX = canImport("numpy, onnx, onnx.checker, onnx.helper, onnx.numpy_helper")

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Runs a script; returns what it prints. A failing script is an error with its output.
  @discardableResult
  static func run(_ script: String, _ arguments: String...) throws -> String {
    let (status, output) = try execute(["-c", script] + arguments)
    if status != 0 { throw Failure(description: "Python exited with \(status): \(output)") }
    return output
  }

  private static func canImport(_ modules: String) -> Bool {
    (try? execute(["-c", "import \(modules)"]).status) == 0
  }

  private static func execute(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [interpreter] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
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
