import Foundation

/// The Python interpreter that runs other people's software as oracles: the one that
/// `TOMBOLA_PYTHON` names, or `python3`.
public enum Python {
  public static let interpreter = ProcessInfo.processInfo.environment["TOMBOLA_PYTHON"] ?? "python3"

  public struct Failure: Error, CustomStringConvertible {
    public let status: Int32
    public let output: String

    public var description: String { "Python exited with \(status): \(output)" }
  }

  /// Runs the interpreter in a clean environment; returns its standard output.
  ///
  /// - Throws: `Failure`, with all that it printed, for another status than 0.
  @discardableResult
  public static func run(_ arguments: [String]) throws -> Data {
    let home = FileManager.default.temporaryDirectory.appending(path: "tombola-python-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: home) }
    let errors = home.appending(path: "errors")
    guard FileManager.default.createFile(atPath: errors.path, contents: nil) else {
      throw CocoaError(.fileWriteUnknown)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [interpreter] + arguments
    process.environment = TestEnvironment.clean(home: home.path, own: ["OPENBLAS_CORETYPE": nil])
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle(forWritingAtPath: errors.path)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let said = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
      throw Failure(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self) + said)
    }
    return data
  }

  /// Runs a script; returns what it prints.
  @discardableResult
  public static func run(_ script: String, _ arguments: String...) throws -> String {
    String(decoding: try run(["-c", script] + arguments), as: UTF8.self)
  }

  public static let hasNumPy = canImport("numpy")
  public static let hasSafetensors = canImport("numpy, safetensors, safetensors.numpy")
  public static let hasONNXRuntime = canImport("numpy, onnxruntime")
  public static let hasONNX = canImport(
    "numpy, onnx, onnx.checker, onnx.helper, onnx.numpy_helper, onnx.shape_inference")

  /// The repository's `tools` folder.
  public static let tools = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "tools")

  /// Whether the modules, separated by commas, can be imported.
  private static func canImport(_ modules: String) -> Bool { (try? run(["-c", "import \(modules)"])) != nil }
}
