import Files
import Foundation

/// Drawing through the program gnuplot, which runs as a process of its own.
public enum Gnuplot {
  /// The program's name.
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
  /// Script and data go to a temporary folder that is removed in any case. The user's own gnuplot
  /// settings are not read. The file appears whole or not at all.
  ///
  /// - Complexity: a process, a tenth of a second and more for many points.
  /// - Throws: `FileError` for a path that cannot be written, another ending, or, without `force`,
  ///   an existing file; `ExperimentError.outOfRange` for a chart that cannot be drawn,
  ///   `missingProgram` where gnuplot is not installed, and `programFailed` with what gnuplot says,
  ///   or where its picture has no end, as on a full disk.
  public static func draw(_ chart: Chart, to path: String, force: Bool) throws {
    let format = try PlotFormat(path: path)
    try AtomicFile.check(path, force: force)
    let picture = try draw(try GnuplotScript(chart, format: format))
    try AtomicFile.write(picture, to: path, force: force)
  }

  /// Seconds after which gnuplot is ended: it draws the largest charts in one.
  private static let patience = 60.0

  /// Runs a script and returns what it drew.
  ///
  /// gnuplot sees nothing of this process's environment but where programs are: neither settings of
  /// its own (`GNUTERM`, `GNUPLOT_LIB`, a `.gnuplot` at home), nor a display, nor a locale, which
  /// could write numbers with commas.
  ///
  /// - Throws: `ExperimentError.missingProgram`, `programFailed`; `FileError` where the temporary
  ///   folder cannot be written.
  public static func draw(_ script: GnuplotScript) throws -> Data {
    guard let executable = executable() else {
      throw ExperimentError.missingProgram(name: program, package: package)
    }
    let manager = FileManager.default
    let folder = manager.temporaryDirectory.appendingPathComponent("tombola-plot-" + UUID().uuidString)
    defer { try? manager.removeItem(at: folder) }
    do {
      try manager.createDirectory(at: folder, withIntermediateDirectories: true)
      for file in script.files + [GnuplotScript.DataFile(name: "script.gp", text: script.text)] {
        try Data(file.text.utf8).write(to: folder.appendingPathComponent(file.name))
      }
    } catch {
      throw FileError(
        .unwritable, source: folder.path, expected: "a temporary folder for a plot's data",
        found: error.localizedDescription)
    }
    let (status, said) = try run(executable, in: folder)
    let picture = try? Data(contentsOf: folder.appendingPathComponent(script.output))
    guard status == 0, let picture, isWhole(picture) else {
      let words = said.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      throw ExperimentError.programFailed(
        name: program, status: status, said: words.isEmpty ? "nothing" : String(words.suffix(400)))
    }
    return script.output.hasSuffix(PlotFormat.svg.rawValue) ? wellFormed(picture) : picture
  }

  /// Runs the script of a folder to its end, and returns the exit status and what was said on
  /// standard error.
  private static func run(_ executable: URL, in folder: URL) throws -> (status: Int32, said: String) {
    let process = Process()
    let errors = Pipe()
    process.executableURL = executable
    process.arguments = ["--default-settings", "script.gp"]
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": folder.path, "TMPDIR": folder.path,
      "LC_ALL": "C.UTF-8",
    ]
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    do { try process.run() } catch {
      throw ExperimentError.programFailed(name: program, status: -1, said: "it does not start: \(error)")
    }
    let identifier = process.processIdentifier
    let end = DispatchWorkItem { kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: end)
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    end.cancel()
    let status = process.terminationStatus
    return (process.terminationReason == .exit ? status : 128 + status, String(decoding: said, as: UTF8.self))
  }

  /// gnuplot leaves `>` in texts, also where it ends `]]>`, which XML has for the end of a CDATA
  /// section alone. gnuplot writes no such sections.
  private static func wellFormed(_ picture: Data) -> Data {
    guard picture.range(of: Data("]]>".utf8)) != nil else { return picture }
    return Data(String(decoding: picture, as: UTF8.self).replacing("]]>", with: "]]&gt;").utf8)
  }

  /// Whether a picture has its end: the last tag of an SVG, or the last chunk of a PNG.
  private static func isWhole(_ picture: Data) -> Bool {
    let text = String(decoding: picture.suffix(32), as: UTF8.self)
    return picture.starts(with: [0x89, 0x50, 0x4E, 0x47])
      ? picture.suffix(12).dropFirst(4).prefix(4).elementsEqual("IEND".utf8)
      : text.trimmingCharacters(in: .whitespacesAndNewlines).hasSuffix("</svg>")
  }
}
