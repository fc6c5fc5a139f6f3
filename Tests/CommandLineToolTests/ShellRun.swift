import Foundation
import Testing

extension ToolRun {
  /// Runs the tool from `/bin/sh`, with redirections behind its arguments and commands before it.
  ///
  /// What is not redirected goes to `output` and `errors` as ever.
  init(_ arguments: [String], in folder: Folder, redirected: String, after commands: String = ":")
    throws
  {
    try self.init(
      of: try Self.startShell(arguments, in: folder, redirected: redirected, after: commands),
      in: folder)
  }

  /// As the initializer, without waiting.
  static func startShell(
    _ arguments: [String], in folder: Folder, redirected: String = "", after commands: String = ":",
    output: FileHandle? = nil
  ) throws -> Process {
    let process = Process()
    var environment = ProcessInfo.processInfo.environment
    environment["OPENBLAS_CORETYPE"] = nil
    environment["TMPDIR"] = nil
    // Nobody is told then that other kernels are faster.
    environment["TOMBOLA_BLAS_CORE"] = "best"
    environment["XDG_CACHE_HOME"] = folder.file("cache")
    process.environment = environment
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "\(commands); exec \"$0\" \"$@\" \(redirected)", executable] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardInput = FileHandle.nullDevice
    func created(_ name: String) throws -> FileHandle {
      try folder.write(Data(), to: name)
      return try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file(name)))
    }
    let standardOutput = try created("stdout")
    process.standardOutput = output ?? standardOutput
    process.standardError = try created("stderr")
    try process.run()
    if output == nil { process.waitUntilExit() }
    return process
  }

  /// Runs the tool with a standard output whose reader has gone, with SIGPIPE ignored by its parent
  /// or not.
  static func withoutReader(_ arguments: [String], in folder: Folder, ignoring: Bool) throws
    -> ToolRun
  {
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let process = try startShell(
      arguments, in: folder, after: ignoring ? "trap '' PIPE" : ":",
      output: pipe.fileHandleForWriting)
    try pipe.fileHandleForWriting.close()
    process.waitUntilExit()
    return try ToolRun(of: process, in: folder)
  }
}

extension Folder {
  /// The names in the folder, but for what runs leave there of themselves.
  var names: Set<String> {
    get throws {
      Set(try FileManager.default.contentsOfDirectory(atPath: path)).subtracting([
        "stdout", "stderr", "cache",
      ])
    }
  }

  /// A folder with what every command reads: a ticket, the JSON of its drawing, a problem, and the
  /// stores of two shards.
  static func prepared() throws -> Folder {
    let folder = try Folder()
    let pruned = try folder.prune("--data", Folder.data, "--json")
    try #require(pruned.status == 0, "\(pruned.errors)")
    try folder.write(Data(pruned.output.utf8), to: "figures.json")
    try folder.write(
      Data("seed = 1\ntrials = 20\ndimension = 1\ncount = [6, 8]\nepsilon = 0.1\n".utf8),
      to: "grid.toml")
    for part in ["1", "2"] {
      let swept = try ToolRun(
        "sweep", "grid.toml", "--store", "s\(part)", "--shard", "\(part)/2", in: folder)
      try #require(swept.status == 0, "\(swept.errors)")
    }
    return folder
  }
}
