import Foundation
import ModelFiles
import Testing

/// Outputs that would destroy something, or cannot be written: refused before any work, one line,
/// nothing touched.
@Suite struct OutputFileTests {
  private static let prune = ["prune", Folder.target, "--width", "50", "--seed", "1"]

  /// Each output of each command with the inputs beside it: `OUT` stands for the output, the rest
  /// are the inputs.
  static let commands: [(arguments: [String], inputs: [String])] = [
    (prune + ["--force", "--data", Folder.data, "-o", "OUT"], [Folder.target, Folder.data]),
    (
      prune + ["--force", "--data", Folder.data, "-o", "t", "--checkpoint", "OUT"],
      [Folder.target, Folder.data]
    ),
    (
      prune + ["--force", "--mode", "calibrated", "--calibration", Folder.data, "-o", "OUT"],
      [Folder.target, Folder.data]
    ),
    (
      [
        "instance", Folder.target, "--width", "50", "--seed", "1", "--layer", "1", "--channel", "0",
        "--force",
      ]
        + ["-o", "OUT"], [Folder.target]
    ),
    (["export", "ticket.npz", "--force", "-o", "OUT.npz"], ["ticket.npz"]),
    (["solve", "problem.npz", "--force", "--save", "OUT"], ["problem.npz"]),
    (["merge", "OUT", "s1", "s2", "--force"], ["s1", "s2"]),
    (["sweep", "grid.toml", "--store", "OUT"], ["grid.toml"]),
    (["plot", "figures.svg", "--force", "-o", "OUT.svg"], ["figures.svg"]),
    (["report", "figures.html", "s1", "--force", "-o", "OUT.html"], ["figures.html"]),
  ]

  private func folder() throws -> Folder {
    let folder = try Folder.prepared()
    try folder.writeProblem(candidates: [1, 2], target: 3)
    for (name, copy) in [
      (Folder.ticket, "ticket.npz"), ("figures.json", "figures.svg"),
      ("figures.json", "figures.html"),
    ] { try folder.write(try folder.bytes(name), to: copy) }
    return folder
  }

  @Test func noOutputIsAnInput() throws {
    let folder = try folder()
    let manager = FileManager.default
    var turn = 0
    for (arguments, inputs) in Self.commands {
      for input in inputs {
        let bytes = try folder.bytes(input)
        let ending = (input as NSString).pathExtension
        let (link, twin) = ("link.\(ending)", "twin.\(ending)")
        try manager.createSymbolicLink(atPath: folder.file(link), withDestinationPath: input)
        try manager.linkItem(atPath: folder.file(input), toPath: folder.file(twin))
        // The ways to name the file take turns, two an input.
        let spellings = [input, link, "./\(input)", twin, folder.file(input)]
        for _ in 0..<2 {
          turn += 1
          let output = spellings[turn % spellings.count]
          try ToolRun(arguments.map { $0.hasPrefix("OUT") ? output : $0 }, in: folder)
            .expectBadInput("expected a file of its own", output, input)
        }
        #expect(try folder.bytes(input) == bytes, "\(arguments)")
        for name in [link, twin] { try manager.removeItem(atPath: folder.file(name)) }
      }
    }
    #expect(
      try !folder.exists("t") && folder.names.isDisjoint(with: ["OUT", "t", "grid.toml.lock"]))
  }

  @Test func twoOutputsAreTwoFiles() throws {
    let folder = try Folder()
    for checkpoint in ["t", "./t", folder.file("t")] {
      try ToolRun(Self.prune + ["-o", "t", "--checkpoint", checkpoint], in: folder)
        .expectBadInput("--checkpoint", "a file of its own", "'t' of --output")
    }
    // Where what is printed goes is taken too.
    try folder.write(Data(), to: "x.npz")
    let run = try ToolRun(Self.prune + ["--force", "-o", "stdout"], in: folder)
    #expect(run.status == 2 && run.errors.contains("the file of standard output"), "\(run.errors)")
    #expect(try folder.names == [Folder.target, Folder.data, "x.npz"])
  }

  @Test func onlyRegularFilesAreReplaced() throws {
    let folder = try Folder()
    let manager = FileManager.default
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    try manager.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
    let links = [
      ("dangling", "nothing"), ("loop", "loop"), ("null", "/dev/null"),
      ("stream", "/proc/self/fd/1"),
      ("topipe", "pipe"),
    ]
    for (link, target) in links {
      try manager.createSymbolicLink(atPath: folder.file(link), withDestinationPath: target)
    }
    let names = try folder.names
    let outputs = [
      ("pipe", "a pipe"), ("folder", "a folder"), ("dangling", "leads nowhere"),
      ("loop", "symbolic links"),
      ("null", "a device"), ("topipe", "a pipe"), ("/dev/null", "a device"),
      ("no/t", "no folder 'no'"),
      (Folder.target + "/t", "Not a directory"),
      (String(repeating: "n", count: 300), "File name too long"),
      ("", "empty path"), ("stream", "standard output"),
    ]
    for (output, words) in outputs {
      try ToolRun(Self.prune + ["--force", "-o", output], in: folder).expectBadInput(words)
      if output == "stream" { continue }
      try ToolRun(Self.prune + ["-o", "t", "--force", "--checkpoint", output], in: folder)
        .expectBadInput(words)
    }
    #expect(try folder.names == names)
    for (link, target) in links {
      #expect(try manager.destinationOfSymbolicLink(atPath: folder.file(link)) == target)
    }
    let pipe = Pipe()
    let process = try ToolRun.startShell(
      Self.prune + ["--force", "-o", "stream"], in: folder, output: pipe.fileHandleForWriting)
    process.waitUntilExit()
    try ToolRun(of: process, in: folder).expectBadInput("a pipe")
  }

  /// A file system that takes no more, here a limit on the size of files: said, and nothing left of
  /// it.
  @Test func aFailedWriteLeavesNothing() throws {
    let folder = try Folder.prepared()
    try folder.write(Data("old".utf8), to: "kept")
    let names = try folder.names
    let width = ["prune", Folder.target, "--width", "5000", "--seed", "1"]
    for arguments in [
      width + ["-o", "t"], width + ["-o", "kept", "--force"],
      ["export", Folder.ticket, "-o", "e.npz"],
      ["merge", "m", "s1", "s2"],
    ] {
      let run = try ToolRun(arguments, in: folder, redirected: "", after: "ulimit -f 2")
      run.expectBadInput(arguments[0] == "merge" ? "m: expected" : "File too large")
      #expect(try folder.names == names, "\(arguments)")
    }
    #expect(try folder.bytes("kept") == Data("old".utf8))
  }

  /// An existing file is taken for a checkpoint only if it is one.
  @Test func aCheckpointReplacesOnlyCheckpoints() throws {
    let folder = try Folder()
    let prune = Self.prune + ["-o", "t", "--force", "--checkpoint"]
    try folder.write(Data("notes".utf8), to: "notes")
    #expect(try ToolRun(Self.prune + ["-o", "ticket"], in: folder).status == 0)
    for name in ["notes", "ticket"] {
      let bytes = try folder.bytes(name)
      for more in [[], ["--resume"]] {
        let run = try ToolRun(prune + [name] + more, in: folder)
        #expect(run.status == 2 && run.errors.hasPrefix("tombola: \(name): "), "\(run.errors)")
      }
      #expect(try folder.bytes(name) == bytes)
    }
    #expect(try ToolRun(prune + ["c"], in: folder).status == 0)
    let bytes = try folder.bytes("c")
    #expect(try CheckpointFile.read(folder.file("c")).blocks.count == 7)
    let again = Self.prune + ["--checkpoint", "c", "-o"]
    try ToolRun(again + ["u"], in: folder).expectBadInput(
      "c: expected", "--resume", "--force", "a checkpoint")
    #expect(try folder.bytes("c") == bytes && !folder.exists("u"))
    #expect(try ToolRun(again + ["u", "--resume"], in: folder).status == 0)
    #expect(try folder.bytes("u") == folder.bytes("t"))
    let other = [
      "prune", Folder.target, "--width", "50", "--seed", "2", "--checkpoint", "c", "-o", "v",
    ]
    try ToolRun(other + ["--resume"], in: folder, redirected: "").expectBadInput("seed", "2", "1")
    #expect(try folder.bytes("c") == bytes && !folder.exists("v"))
    #expect(try ToolRun(other + ["--force"], in: folder).status == 0)
    #expect(try CheckpointFile.read(folder.file("c")).identity.seed == 2)
  }

  /// What a sweep locks its store with takes no other file's place.
  @Test func aLockIsNoOtherFile() throws {
    let folder = try Folder.prepared()
    try folder.write(Data("{\"packages\": []}".utf8), to: "x.lock")
    try ToolRun(["sweep", "grid.toml", "--store", "x"], in: folder, redirected: "")
      .expectBadInput("x.lock", "no sweep made")
    #expect(try folder.bytes("x.lock") == Data("{\"packages\": []}".utf8) && !folder.exists("x"))
  }
}

extension Folder {
  /// Writes `problem.npz`: one dimension, one target.
  func writeProblem(candidates: [Double], target: Double) throws {
    let archive = try NumPyArchive(entries: [
      NumPyArchive.Entry(
        name: "candidates", array: NumPyArray(shape: [candidates.count, 1], doubles: candidates)),
      NumPyArchive.Entry(name: "target", array: NumPyArray(shape: [1], doubles: [target])),
    ])
    try write(try archive.serialized(), to: "problem.npz")
  }
}
