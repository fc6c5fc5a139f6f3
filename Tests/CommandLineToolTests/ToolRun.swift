import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import TestSupport
import Testing

/// Runs of the built executable: `TOMBOLA_EXECUTABLE`, or the one beside these tests.
struct ToolRun {
  let status: Int32
  let output: String
  let errors: String

  static let executable: String = {
    if let path = ProcessInfo.processInfo.environment["TOMBOLA_EXECUTABLE"] { return path }
    #if DEBUG
      let configuration = "debug"
    #else
      let configuration = "release"
    #endif
    return root + "/.build/\(configuration)/tombola"
  }()

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// Starts the tool without waiting; output goes to `folder`, which is its home. Its environment
  /// is clean (`TestEnvironment`) but for what `environment` sets, or with nil does not set.
  static func start(
    _ arguments: [String], in folder: Folder, environment: [String: String?] = [:]
  ) throws -> Process {
    let process = Process()
    process.environment = TestEnvironment.clean(home: folder.path, own: environment)
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try folder.created("stdout")
    process.standardError = try folder.created("stderr")
    try process.run()
    return process
  }

  /// Runs to the end.
  init(_ arguments: String..., in folder: Folder) throws { try self.init(arguments, in: folder) }

  init(_ arguments: [String], in folder: Folder, environment: [String: String?] = [:]) throws {
    let process = try Self.start(arguments, in: folder, environment: environment)
    process.waitUntilExit()
    try self.init(of: process, in: folder)
  }

  /// What a process that has ended left.
  init(of process: Process, in folder: Folder) throws {
    status = process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
    output = try String(contentsOfFile: folder.file("stdout"), encoding: .utf8)
    errors = try String(contentsOfFile: folder.file("stderr"), encoding: .utf8)
  }

  /// Standard output as a JSON object.
  func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }

  /// Expects bad input: code 2, nothing on standard output, one line on standard error with all
  /// `parts`.
  func expectBadInput(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(status == 2, "\(errors)", sourceLocation: sourceLocation)
    #expect(output.isEmpty, "\(output)", sourceLocation: sourceLocation)
    #expect(
      errors.hasPrefix("tombola: ") && errors.hasSuffix("\n") && errors.filter(\.isNewline).count == 1, "\(errors)",
      sourceLocation: sourceLocation)
    for part in parts { #expect(errors.contains(part), "\(errors)", sourceLocation: sourceLocation) }
  }
}

/// A temporary folder with a small target (2 → 3 → 2 channels, 6 × 4 pixels) and 50 labelled images
/// for it.
final class Folder {
  let path: String
  static let target = "target.onnx"
  static let data = "data.npz"
  static let ticket = "ticket.safetensors"

  init() throws {
    path = NSTemporaryDirectory() + "tombola-tool-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Self.targetDocument(scale: 1).serialized().write(to: URL(fileURLWithPath: file(Self.target)))
    let pixels: [Float] = (0..<50 * 48).map { index in Float((index * 7919) % 201) / 100 - 1 }
    let archive = try NumPyArchive(entries: [
      NumPyArchive.Entry(name: "x", array: NumPyArray(shape: [50, 2, 6, 4], floats: pixels)),
      NumPyArchive.Entry(name: "y", array: NumPyArray(shape: [50], int64s: (0..<50).map { Int64($0 % 2) })),
    ])
    try archive.serialized().write(to: URL(fileURLWithPath: file(Self.data)))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file(name))) }

  func write(_ data: Data, to name: String) throws { try data.write(to: URL(fileURLWithPath: file(name))) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  fileprivate func created(_ name: String) throws -> FileHandle {
    try write(Data(), to: name)
    return try #require(FileHandle(forWritingAtPath: file(name)))
  }

  /// Two 3×3 convolutions whose weights are multiples of 1/64 times `scale`.
  static func targetDocument(scale: Float) throws -> ONNXDocument {
    func kernel(_ name: String, _ shape: [Int]) throws -> ONNXTensor {
      let count = shape.reduce(1, *)
      let values: [Float] = (0..<count).map { index in
        let step: Int = (index * 5003 + count) % 65 - 32
        return scale * Float(step) / 64
      }
      return try ONNXTensor(name: name, shape: shape, values: .float32(values))
    }
    let same = [ONNXAttribute("pads", .ints([1, 1, 1, 1]))]
    return ONNXDocument(
      graphName: "small", inputs: [ONNXValue(name: "x", shape: [.named("n"), .fixed(2), .fixed(6), .fixed(4)])],
      outputs: [ONNXValue(name: "y", shape: nil)],
      nodes: [
        ONNXNode(operatorType: "Conv", name: "first", inputs: ["x", "k1"], outputs: ["c1"], attributes: same),
        ONNXNode(operatorType: "Relu", name: "relu", inputs: ["c1"], outputs: ["r1"]),
        ONNXNode(operatorType: "Conv", name: "second", inputs: ["r1", "k2"], outputs: ["c2"], attributes: same),
        ONNXNode(operatorType: "GlobalAveragePool", name: "average", inputs: ["c2"], outputs: ["y"]),
      ],
      initializers: [try kernel("k1", [3, 2, 3, 3]), try kernel("k2", [2, 3, 3, 3])])
  }

  /// Draws the small ticket.
  func prune(_ more: String..., output: String = Folder.ticket) throws -> ToolRun {
    try ToolRun(
      ["prune", Self.target, "--width", "300", "--seed", "18446744073709551615", "-o", output] + more, in: self)
  }
}
