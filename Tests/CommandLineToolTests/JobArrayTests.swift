import Experiments
import Foundation
import Testing

/// Parts of a sweep as schedulers hand them out.
@Suite struct JobArrayTests {
  private func folder() throws -> Folder {
    let folder = try Folder()
    try folder.write(
      Data("seed = 1\ntrials = 12\ndimension = 1\ncount = [6, 8]\nepsilon = 0.1\n".utf8), to: "grid.toml")
    return folder
  }

  /// A Slurm array of given numbers.
  private func slurm(_ id: String, _ first: String, _ last: String, _ count: String, step: String? = "1") -> [String:
    String?]
  {
    [
      "SLURM_ARRAY_TASK_ID": id, "SLURM_ARRAY_TASK_MIN": first, "SLURM_ARRAY_TASK_MAX": last,
      "SLURM_ARRAY_TASK_COUNT": count, "SLURM_ARRAY_TASK_STEP": step,
    ]
  }

  private func shard(_ option: String, _ environment: [String: String?], in folder: Folder) throws -> ToolRun {
    try ToolRun(
      ["sweep", "grid.toml", "--store", "s", "--resume", "--shard", option, "--json"], in: folder,
      environment: environment)
  }

  @Test func arraysSayWhichPart() throws {
    let folder = try folder()
    let cases: [(String, [String: String?], String)] = [
      ("array", slurm("1", "1", "4", "4"), "1/4"), ("array", slurm("4", "1", "4", "4"), "4/4"),
      ("array", slurm("0", "0", "7", "8"), "1/8"), ("array", slurm("7", "0", "7", "8", step: nil), "8/8"),
      ("array", slurm("5", "1", "9", "5", step: "2"), "3/5"), ("array", slurm("3", "3", "3", "1"), "1/1"),
      ("array/8", slurm("3", "3", "7", "2", step: "4"), "3/8"), ("array/8", ["OAR_ARRAY_INDEX": "8"], "8/8"),
      ("2/3", slurm("1", "1", "4", "4"), "2/3"),
    ]
    for (option, environment, expected) in cases {
      let run = try shard(option, environment, in: folder)
      #expect(run.status == 0, "\(option) \(environment): \(run.errors)")
      #expect(try run.json()["shard"] as? String == expected, "\(option) \(environment)")
    }
  }

  @Test func whatSaysNoPartIsRefused() throws {
    let folder = try folder()
    let cases: [(String, [String: String?], [String])] = [
      ("array", [:], ["SLURM_ARRAY_TASK_ID", "OAR_ARRAY_INDEX", "neither"]),
      ("array", ["OAR_ARRAY_INDEX": "2"], ["array/N", "OAR"]),
      ("array/4", ["OAR_ARRAY_INDEX": "5"], ["from 1 to 4", "OAR_ARRAY_INDEX=5"]),
      ("array/4", ["OAR_ARRAY_INDEX": "0"], ["from 1 to 4"]),
      ("array/4", ["OAR_ARRAY_INDEX": "2", "SLURM_ARRAY_TASK_ID": "2"], ["both"]),
      ("array", ["SLURM_ARRAY_TASK_ID": "2"], ["SLURM_ARRAY_TASK_MIN", "none"]),
      ("array", slurm("x", "1", "4", "4"), ["SLURM_ARRAY_TASK_ID", "'x'"]),
      ("array", slurm("1", "1", "4", "-4"), ["SLURM_ARRAY_TASK_COUNT", "'-4'"]),
      ("array", slurm("1", "1", "99999999999999999999", "4"), ["SLURM_ARRAY_TASK_MAX"]),
      // Tasks 1, 3 and 7 alone: which parts they are, and of how many, nobody says.
      ("array", slurm("3", "1", "7", "3"), ["whole range", "3 from 1 to 7"]),
      ("array", slurm("9", "1", "4", "4"), ["whole range"]),
      ("array", slurm("2", "1", "5", "3", step: "2"), ["whole range"]),
      ("array", slurm("1", "1", "4", "4", step: "0"), ["whole range"]),
      ("array/", [:], ["'array/'"]), ("array/0", [:], ["'array/0'"]), ("array/x", [:], ["'array/x'"]),
    ]
    for (option, environment, parts) in cases {
      let run = try shard(option, environment, in: folder)
      run.expectBadInput("--shard")
      for part in parts { #expect(run.errors.contains(part), "\(option) \(environment): \(run.errors)") }
    }
    #expect(!folder.exists("s"))
  }

  /// The printed lines run in a shell, in any order, and make the store of one run.
  @Test func printedTasksMakeTheStoreOfOneRun() throws {
    let folder = try folder()
    let odd = "a 'grid' of $x.toml"
    try folder.write(folder.bytes("grid.toml"), to: odd)
    let printed = try ToolRun(
      "sweep", odd, "--store", "out of.sqlite", "--print-tasks", "11", "--threads", "1", in: folder)
    #expect(printed.status == 0 && !folder.exists("out of.sqlite"), "\(printed.errors)")
    let lines = printed.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 11 && lines[2].contains("--shard 3/11") && lines[2].contains("--threads 1"))
    for line in lines.shuffled() {
      let run = try ToolRun([], in: folder, redirected: "", after: line + "; exit $?")
      #expect(run.status == 0, "\(line): \(run.errors)")
    }
    let stores = (1...11).map { "out of.\($0 < 10 ? "0" : "")\($0)-of-11.sqlite" }
    #expect(try ToolRun(["merge", "all"] + stores, in: folder).output == "all: 24 of 24 trials, from 11 stores\n")
    #expect(try ToolRun("sweep", "grid.toml", "--store", "one", in: folder).status == 0)
    func csv(_ store: String) throws -> String { try ToolRun("table", store, "--csv", in: folder).output }
    #expect(try csv("all") == csv("one"))

    for count in ["0", "-1", "1048577"] {
      try ToolRun("sweep", "grid.toml", "--store", "x", "--print-tasks", count, in: folder)
        .expectBadInput("--print-tasks", count)
    }
    try ToolRun("sweep", "grid.toml", "--store", "x", "--print-tasks", "2", "--shard", "1/2", in: folder)
      .expectBadInput("--print-tasks", "--shard")
    try ToolRun("sweep", "grid.toml", "--store", "a\nb", "--print-tasks", "2", in: folder)
      .expectBadInput("--print-tasks")
    try ToolRun("sweep", "none.toml", "--store", "x", "--print-tasks", "2", in: folder).expectBadInput("none.toml")
  }

  /// Merging again changes no byte, and merging what was merged no trial and no run.
  @Test func mergingAgainChangesNothing() throws {
    let folder = try folder()
    for part in ["1", "2"] {
      let run = try ToolRun(
        "sweep", "grid.toml", "--store", "s\(part)", "--shard", "\(part)/2", "--threads", "1", in: folder)
      #expect(run.status == 0, "\(run.errors)")
    }
    let merged = try ToolRun("merge", "all", "s1", "s2", "--json", in: folder)
    #expect(try merged.status == 0 && merged.json()["complete"] as? Bool == true, "\(merged.errors)")
    // SQLite counts a file's transactions in its header, at bytes 24 and 92: the rest is contents.
    func contents(_ store: String) throws -> Data {
      var bytes = try folder.bytes(store)
      for place in [24..<28, 92..<96] { bytes.replaceSubrange(place, with: Data(count: 4)) }
      return bytes
    }
    let first = try folder.bytes("all")
    #expect(try ToolRun("merge", "all", "s1", "s2", "--force", in: folder).status == 0)
    #expect(try folder.bytes("all") == first)
    #expect(try ToolRun("merge", "more", "all", "s1", "s2", "all", in: folder).status == 0)
    #expect(try contents("more") == contents("all"))
  }
}
