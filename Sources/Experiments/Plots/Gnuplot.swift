import Foundation
import ModelFiles

/// Drawing through the program gnuplot, which runs as a process of its own.
public enum Gnuplot {
  public static let program = "gnuplot"
  /// Debian's package of it.
  public static let package = "gnuplot-nox"

  /// The first executable of that name on PATH, nil where there is none.
  public static func executable(
    path: String? = ProcessInfo.processInfo.environment["PATH"]
  ) -> URL? {
    for folder in (path ?? "").split(separator: ":") where folder.hasPrefix("/") {
      let file = URL(fileURLWithPath: String(folder)).appendingPathComponent(program)
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue,
        FileManager.default.isExecutableFile(atPath: file.path)
      {
        return file
      }
    }
    return nil
  }

  /// Draws a chart into the file at `path`, as SVG or PNG by its ending.
  ///
  /// Script and data go to a temporary folder that is removed in any case. The user's own gnuplot settings are not read. The file appears whole or not
  /// at all. Cost: a process, a tenth of a second and more for many points.
  ///
  /// - Throws: `FileError` for a path that cannot be written, another ending, or, without `force`, an existing file;
  ///   `ExperimentError.outOfRange` for a chart that cannot be drawn, `missingProgram` where gnuplot is not installed, and
  ///   `programFailed` with what gnuplot says.
  public static func draw(_ chart: Chart, to path: String, force: Bool) throws {
    let format = try PlotFormat(path: path)
    try AtomicFile.check(path, force: force)
    let picture = try draw(try GnuplotScript(chart, format: format))
    try AtomicFile.write(picture, to: path, force: force)
  }

  /// Runs a script and returns what it drew.
  ///
  /// - Throws: `ExperimentError.missingProgram`, `programFailed`; Foundation's errors where the temporary folder cannot be written.
  public static func draw(_ script: GnuplotScript) throws -> Data {
    guard let executable = executable() else {
      throw ExperimentError.missingProgram(name: program, package: package)
    }
    let manager = FileManager.default
    let folder = manager.temporaryDirectory.appendingPathComponent("tombola-plot-" + UUID().uuidString)
    try manager.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? manager.removeItem(at: folder) }
    for file in script.files {
      try Data(file.text.utf8).write(to: folder.appendingPathComponent(file.name))
    }
    try Data(script.text.utf8).write(to: folder.appendingPathComponent("script.gp"))

    let process = Process()
    let errors = Pipe()
    process.executableURL = executable
    process.arguments = ["-d", "script.gp"]
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let picture = try? Data(contentsOf: folder.appendingPathComponent(script.output))
    guard process.terminationReason == .exit, process.terminationStatus == 0, let picture, !picture.isEmpty else {
      let words = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
      throw ExperimentError.programFailed(
        name: program, status: process.terminationStatus, said: words.isEmpty ? "nothing" : String(words.suffix(400)))
    }
    return picture
  }
}
