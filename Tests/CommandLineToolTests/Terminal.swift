import Foundation
import TestSupport
import Testing

/// Runs of the tool whose standard error is a terminal.
enum Terminal {
  private static let script = """
    import os, pty, subprocess, sys
    terminal, other = pty.openpty()
    tool = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=other)
    os.close(other)
    try:
      while said := os.read(terminal, 4096):
        sys.stdout.buffer.write(said)
    except OSError:
      pass  # the last writer has closed its end
    sys.exit(tool.wait())
    """

  /// What the tool writes on standard error, a pseudoterminal.
  static func errors(of arguments: [String], in folder: Folder, environment: [String: String?]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, ToolRun.executable] + arguments
    process.environment = TestEnvironment.clean(home: folder.path, own: environment)
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(arguments)")
    return String(decoding: said, as: UTF8.self)
  }
}
