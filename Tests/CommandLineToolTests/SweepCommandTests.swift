import Experiments
import Foundation
import TestSupport
import Testing

/// `tombola sweep`, `merge`, `table`: signals, kills, refusals.
@Suite struct SweepCommandTests {
  /// About a second of a core.
  private static let specification = """
    seed = 4
    trials = 240
    dimension = [1, 2]
    count = [20, 24]
    epsilon = [0.1, 0.001]
    solver = ["exact", "greedy"]

    """

  private func folder(_ text: String = specification) throws -> Folder {
    let folder = try Folder()
    try folder.write(Data(text.utf8), to: "grid.toml")
    return folder
  }

  private func csv(_ store: String, _ folder: Folder) throws -> String {
    let run = try ToolRun("table", store, "--csv", in: folder)
    try #require(run.status == 0, "\(run.errors)")
    return run.output
  }

  @Test func killedTenTimesAndResumedIsTheUninterruptedStore() throws {
    let folder = try folder()
    let whole = try ToolRun("sweep", "grid.toml", "--store", "whole", "--threads", "1", "--json", in: folder)
    try #require(whole.status == 0, "\(whole.errors)")
    let seconds = try #require(try whole.json()["seconds"] as? Double)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<10 {
      let process = try ToolRun.start(
        ["sweep", "grid.toml", "--store", "killed", "--resume", "--threads", "2"], in: folder)
      Thread.sleep(forTimeInterval: Double.random(in: 0...max(0.1, seconds / 4), using: &generator))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    let last = try ToolRun("sweep", "grid.toml", "--store", "killed", "--resume", in: folder)
    #expect(last.status == 0, "\(last.errors)")
    #expect(try csv("killed", folder) == csv("whole", folder))
    #expect(folder.exists("killed.lock") == false)
  }

  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(3)), (SIGUSR1, Int32(3))])
  func aSignalStoresWhatIsDone(signal: Int32, code: Int32) throws {
    let folder = try folder(
      "seed = 1\ntrials = 100000\ndimension = 1\ncount = 26\nepsilon = 0.1\n")
    let process = try ToolRun.start(["sweep", "grid.toml", "--store", "s", "--json"], in: folder)
    let deadline = ContinuousClock.now + .seconds(60)
    while (try? ResultStore(reading: folder.file("s")).count()) ?? 0 == 0 {
      try #require(process.isRunning && ContinuousClock.now < deadline)
      Thread.sleep(forTimeInterval: 0.01)
    }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    let run = try ToolRun(of: process, in: folder)
    #expect(run.status == code, "\(run.errors)")
    let stored = try #require(try run.json()["stored"] as? Int)
    #expect(try run.json()["complete"] as? Bool == false && stored > 0)
    #expect(try csv("s", folder).split(separator: "\n").count == stored + 1)
    let limited = try ToolRun(
      "sweep", "grid.toml", "--store", "s", "--resume", "--time-limit", "0.1", "--json", in: folder)
    #expect(limited.status == 3, "\(limited.errors)")
    #expect(try limited.json()["stop"] as? String == "time limit")
  }

  @Test func shardsMergeAndTablesHaveTheirKeys() throws {
    let folder = try folder()
    for shard in ["1/2", "2/2"] {
      let run = try ToolRun(
        "sweep", "grid.toml", "--store", "s" + shard.prefix(1), "--shard", shard, "--json", in: folder)
      #expect(run.status == 0, "\(run.errors)")
      let json = try run.json()
      for key in [
        "cells", "trials_per_cell", "shard", "trials", "stored", "added", "complete", "stop", "seconds",
        "trials_per_second", "storing_seconds", "threads", "store",
      ] {
        #expect(json[key] != nil, "\(key)")
      }
    }
    let merged = try ToolRun("merge", "all", "s2", "s1", in: folder)
    #expect(merged.status == 0 && merged.output == "all: 1920 of 1920 trials, from 2 stores\n", "\(merged.errors)")
    #expect(try ToolRun("sweep", "grid.toml", "--store", "one", "--threads", "1", in: folder).status == 0)
    #expect(try csv("all", folder) == csv("one", folder))
    try ToolRun("merge", "all", "s1", in: folder).expectBadInput("all", "--force")

    let text = try ToolRun("table", "one", in: folder)
    #expect(text.status == 0 && text.output.hasPrefix("one: 1920 of 1920 trials"))
    let lines = try ToolRun("table", "one", "--jsonl", "--cells", "--epsilon", "0.5", in: folder).output
      .split(separator: "\n")
    #expect(lines.count == 8)
    let row = try #require(try JSONSerialization.jsonObject(with: Data(lines[7].utf8)) as? [String: Any])
    for key in [
      "cell", "dimension", "count", "candidates", "target", "norm", "subset_size", "solver", "trials", "proved",
      "median_error", "median_size", "mean_error", "mean_size", "epsilon_star", "epsilon", "successes", "undecided",
      "fraction", "low", "high",
      "expected_subsets",
    ] {
      #expect(row[key] != nil, "\(key)")
    }
    #expect(row["solver"] as? String == "greedy" && row["epsilon"] as? Double == 0.5)
  }

  @Test func badInputSaysWhatAndWhere() throws {
    let folder = try folder("seed = 1\ntrials = 3\ndimension = 1\ncount = 8\ncounts = 9\n")
    try ToolRun("sweep", "grid.toml", "--store", "s", in: folder)
      .expectBadInput("grid.toml", "line 5", "'counts'", "expected", "found")
    try folder.write(Data("seed = 1\ntrials = 3\ndimension = 1\ncount = 8\n".utf8), to: "grid.toml")
    for shard in ["0/2", "3/2", "1", "a/b", "1/2/3"] {
      try ToolRun("sweep", "grid.toml", "--store", "s", "--shard", shard, in: folder).expectBadInput("--shard", shard)
    }
    try ToolRun("sweep", "none.toml", "--store", "s", in: folder).expectBadInput("none.toml")
    #expect(!folder.exists("s"))
    try ToolRun("sweep", "grid.toml", "--store", "no/s", in: folder).expectBadInput("no/s", "folder")
    #expect(try ToolRun("sweep", "grid.toml", "--store", "s", in: folder).status == 0)
    try ToolRun("sweep", "grid.toml", "--store", "s", in: folder).expectBadInput("s:", "--resume")
    try ToolRun("table", "grid.toml", in: folder).expectBadInput("grid.toml", "result store")
    try ToolRun("table", "s", "--csv", "--jsonl", in: folder).expectBadInput("--csv")
    try ToolRun("table", "s", "--csv", "--epsilon", "1", in: folder).expectBadInput("--epsilon", "--cells")
    try ToolRun("table", "s", "--epsilon", "1,x", in: folder).expectBadInput("--epsilon", "1,x")
  }

  @Test func aStoreThatCannotGrowLosesNothing() throws {
    let folder = try folder("seed = 1\ntrials = 30000\ndimension = 1\ncount = 16\n")
    // A limit on the size of files, in KiB, is the nearest that a test can come to a full disk.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [
      "-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" sweep grid.toml --store s --threads 1 2>errors",
      ToolRun.executable,
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = TestEnvironment.clean(home: folder.path)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let errors = String(decoding: try folder.bytes("errors"), as: UTF8.self)
    #expect(process.terminationStatus == 2, "\(errors)")
    for part in ["s: ", "expected", "found", "is kept"] { #expect(errors.contains(part), "\(errors)") }
    #expect(try csv("s", folder).hasPrefix("cell,trial"))
    #expect(try ToolRun("sweep", "grid.toml", "--store", "s", "--resume", in: folder).status == 0)
    #expect(try csv("s", folder).split(separator: "\n").count == 30001)
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everything"))
  func aStoreThatMayNotBeWrittenIsRead() throws {
    let folder = try folder("seed = 1\ntrials = 3\ndimension = 1\ncount = 8\n")
    #expect(try ToolRun("sweep", "grid.toml", "--store", "s", in: folder).status == 0)
    chmod(folder.file("s"), 0o444)
    try ToolRun("sweep", "grid.toml", "--store", "s", "--resume", in: folder).expectBadInput("s:", "expected", "found")
    #expect(try csv("s", folder).split(separator: "\n").count == 4)
  }

  @Test func namesAreFilesAndLinksAreTheirFiles() throws {
    let folder = try folder("seed = 1\ntrials = 3\ndimension = 1\ncount = 8\n")
    try ToolRun("sweep", "grid.toml", "--store", "", in: folder).expectBadInput("an empty name")
    for name in [":memory:", "file:x?mode=memory"] {
      #expect(try ToolRun("sweep", "grid.toml", "--store", name, in: folder).status == 0)
      #expect(folder.exists(name))
      #expect(try csv(name, folder).split(separator: "\n").count == 4)
    }
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: ":memory:")
    try ToolRun("sweep", "grid.toml", "--store", "link", in: folder).expectBadInput("link:", "--resume")
    #expect(try csv("link", folder) == csv(":memory:", folder))
  }

  /// Every command that reads a store refuses one with a value that does not belong, in one line
  /// with the place.
  @Test func everyCommandRefusesADamagedStore() throws {
    let folder = try folder("seed = 1\ntrials = 3\ndimension = 1\ncount = 8\nepsilon = 0.1\n")
    #expect(try ToolRun("sweep", "grid.toml", "--store", "s", in: folder).status == 0)
    var bytes = try folder.bytes("s")
    // The first trial's error, which comes before its equal bound, made negative in place.
    let row = try csv("s", folder).split(separator: "\n")[1].split(separator: ",", omittingEmptySubsequences: false)
    let error = try #require(Double(row[9]))
    let pattern = withUnsafeBytes(of: error.bitPattern.bigEndian) { Data($0) }
    let place = try #require(bytes.range(of: pattern)).lowerBound
    bytes.replaceSubrange(place..<place + 8, with: withUnsafeBytes(of: (-1.0).bitPattern.bigEndian) { Data($0) })
    try folder.write(bytes, to: "s")
    for arguments in [
      ["table", "s"], ["table", "s", "--csv"], ["table", "s", "--jsonl", "--cells"], ["table", "s", "--thresholds"],
      ["plot", "s", "-o", "p.svg"], ["report", "s", "-o", "r.html"], ["merge", "m", "s"],
      [
        "bounds", "--kernel", "1", "--channels-in", "1", "--channels-out", "1", "--layers", "1", "--epsilon", "0.1",
        "--store", "s",
      ], ["sweep", "grid.toml", "--store", "s", "--resume"],
    ] {
      let run = try ToolRun(arguments, in: folder)
      #expect(run.status == 2, "\(arguments): \(run.errors)")
      #expect(run.errors.hasPrefix("tombola: s: table trials, row 1, column error: expected a number"), "\(run.errors)")
    }
    for name in ["p.svg", "r.html", "m"] { #expect(!folder.exists(name)) }
    #expect(try folder.bytes("s") == bytes)
  }
}
