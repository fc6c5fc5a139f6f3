import Foundation

/// The C library as it was built: `TOMBOLA_C_LIBRARY`, or the one beside these tests.
enum CLibrary {
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["TOMBOLA_C_LIBRARY"] { return path }
    #if DEBUG
      let configuration = "debug"
    #else
      let configuration = "release"
    #endif
    return root + "/.build/\(configuration)/libTombolaC.so"
  }()

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  static var folder: String { (path as NSString).deletingLastPathComponent }

  /// What is wrong with a program's run.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs a program to its end; returns its standard output.
  static func run(_ program: String, _ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let (output, errors) = (Pipe(), FileManager.default.temporaryDirectory.appending(path: UUID().uuidString))
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let said = try String(contentsOf: errors, encoding: .utf8)
      throw Failure(
        description: "\(program) exited with \(process.terminationStatus): "
          + String(decoding: data, as: UTF8.self) + said)
    }
    return String(decoding: data, as: UTF8.self)
  }
}
