import Experiments
import Foundation
import Testing

/// Standard output and error that are full, closed, or without a reader.
@Suite struct StandardStreamTests {
  /// Each command that prints, with the file that it writes: `prepared` holds what it reads.
  static let commands: [(arguments: [String], output: String?)] = [
    (["prune", Folder.target, "--width", "50", "--seed", "1", "--json", "-o", "p"], "p"),
    (["verify", Folder.ticket, "--target", Folder.target], nil),
    (["compare", Folder.ticket, "--target", Folder.target, "--memory-limit", "1"], nil),
    (["export", Folder.ticket, "-o", "e.npz"], "e.npz"),
    (["info", Folder.data, "--json"], nil),
    (
      [
        "instance", Folder.target, "--width", "50", "--seed", "1", "--layer", "1", "--channel", "0",
        "-o", "i.npz",
      ],
      "i.npz"
    ),
    (
      ["solve", "--dimension", "1", "--count", "8", "--seed", "1", "--json", "--save", "q.npz"],
      "q.npz"
    ),
    (["solve-batch", "--count", "8", "--instances", "4", "--seed", "1", "--law", "uniform"], nil),
    (
      [
        "bounds", "--kernel", "3", "--channels-in", "1", "--channels-out", "1", "--layers", "1",
        "--epsilon", "0.1",
      ],
      nil
    ),
    (["sweep", "grid.toml", "--store", "whole", "--json"], "whole"),
    (["merge", "merged", "s1", "s2"], "merged"), (["table", "s1", "--csv"], nil),
    (["table", "s1", "--cells"], nil),
    (["--version"], nil), (["prune", "--help"], nil),
  ]
  static let drawing: [(arguments: [String], output: String?)] = [
    (["plot", "figures.json", "-o", "p.svg"], "p.svg"),
    (["report", "figures.json", "-o", "r.html"], "r.html"),
  ]

  private func forEachCommand(_ folder: Folder, _ body: ([String]) throws -> Void) throws {
    for (arguments, output) in Self.commands + (Gnuplot.executable() == nil ? [] : Self.drawing) {
      try body(arguments)
      // What a command writes to a file is there, whatever became of its printing, and nothing
      // beside it.
      let names = try folder.names
      #expect(output.map { names.contains($0) } ?? true, "\(arguments)")
      #expect(!names.contains { $0.contains("partial") }, "\(arguments): \(names)")
      if let output { try FileManager.default.removeItem(atPath: folder.file(output)) }
    }
  }

  @Test(arguments: [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
  func aFailedWriteToStandardOutputIsSaid(redirection: String, reason: String) throws {
    let folder = try Folder.prepared()
    try forEachCommand(folder) { arguments in
      try ToolRun(arguments, in: folder, redirected: redirection)
        .expectBadInput("standard output: expected", reason)
    }
  }

  @Test(arguments: ["<&- 2>&-", "2>/dev/full"])
  func aLostStandardErrorChangesNothing(redirection: String) throws {
    let folder = try Folder.prepared()
    try forEachCommand(folder) { arguments in
      let run = try ToolRun(arguments, in: folder, redirected: redirection)
      #expect(run.status == 0 && !run.output.isEmpty, "\(arguments): \(run.status)")
    }
    let refused = try ToolRun(["info", "nowhere"], in: folder, redirected: redirection)
    #expect(refused.status == 2 && refused.output.isEmpty)
  }

  /// With SIGPIPE ignored by the parent for every second command.
  @Test func aReaderThatWentAwayEndsQuietly() throws {
    let folder = try Folder.prepared()
    var isIgnored = false
    try forEachCommand(folder) { arguments in
      isIgnored.toggle()
      let run = try ToolRun.withoutReader(arguments, in: folder, ignoring: isIgnored)
      #expect(run.status == 141 && run.errors.isEmpty, "\(arguments): \(run.status), \(run.errors)")
    }
  }

  /// The one command that takes seconds.
  @Test func doctorSaysItToo() throws {
    let folder = try Folder()
    let run = try ToolRun(["doctor", "--json"], in: folder, redirected: ">/dev/full")
    run.expectBadInput("standard output: expected", "No space left on device")
  }

  /// A descriptor that was closed is no data file's: what is printed goes nowhere near it.
  @Test func filesNeverTakeAStandardStreamsPlace() throws {
    let folder = try Folder()
    let arguments = ["prune", Folder.target, "--width", "300", "--seed", "1"]
    let more = ["--checkpoint", "c", "--data", Folder.data]
    try #require(try ToolRun(arguments + ["-o", "a"], in: folder).status == 0)
    let data = try folder.bytes(Folder.data)
    for (index, redirection) in ["<&- >&- 2>&-", ">&- 2>&-", "<&- 2>&-", "<&-"].enumerated() {
      let run = try ToolRun(arguments + ["-o", "b\(index)"], in: folder, redirected: redirection)
      #expect(run.status == (redirection.contains(" >") || redirection.hasPrefix(">") ? 2 : 0))
      #expect(try folder.bytes("b\(index)") == folder.bytes("a"), "\(redirection)")
    }
    _ = try ToolRun(arguments + more + ["-o", "c1"], in: folder, redirected: "<&- >&- 2>&-")
    #expect(try folder.bytes(Folder.data) == data)
  }
}
