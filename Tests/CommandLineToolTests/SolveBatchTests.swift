import Foundation
import ModelFiles
import Testing

/// `tombola solve-batch`: its contract and its input.
@Suite struct SolveBatchTests {
  private let keys = [
    "instances", "count", "law", "median_error", "mean_error", "max_error", "mean_size", "failures", "threads",
    "seconds", "instances_per_second", "optimal", "work",
  ]
  private let batch = ["solve-batch", "--count", "21", "--instances", "2000", "--seed", "1", "--law"]

  @Test func aBatchHasItsKeysWhateverTheThreads() throws {
    let folder = try Folder()
    let run = try ToolRun(batch + ["weights", "--epsilon", "0.5", "--json"], in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let json = try run.json()
    for key in keys { #expect(json[key] != nil, "\(key)") }
    #expect(json["instances"] as? Int == 2000 && json["failures"] as? Int == 0)
    let alone = try ToolRun(batch + ["weights", "--epsilon", "0.5", "--json", "--threads", "1"], in: folder).json()
    for key in ["median_error", "mean_error", "max_error", "mean_size"] {
      #expect(json[key] as? Double == alone[key] as? Double)
    }
    let text = try ToolRun(batch + ["products"], in: folder)
    #expect(text.status == 0 && text.output.contains("proved optimal") && text.output.contains("U(-1,1)·U(-1,1)"))
  }

  @Test func epsilonAndLimitsDecideTheExitCode() throws {
    let folder = try Folder()
    #expect(try ToolRun(batch + ["uniform", "--epsilon", "1e-9"], in: folder).status == 1)
    let stopped = try ToolRun(batch + ["uniform", "--work-limit", "100000", "--json"], in: folder)
    // 2·(2¹⁰ + 2¹¹) units an instance.
    #expect(stopped.status == 3)
    #expect(try stopped.json()["instances"] as? Int == 100_000 / 6144)
  }

  @Test func targetsOfAFileShareItsCandidates() throws {
    let folder = try Folder()
    func write(_ candidates: NumPyArray, _ target: NumPyArray) throws {
      let archive = try NumPyArchive(entries: [
        NumPyArchive.Entry(name: "candidates", array: candidates), NumPyArchive.Entry(name: "target", array: target),
      ])
      try folder.write(try archive.serialized(), to: "problem.npz")
    }
    try write(
      try NumPyArray(shape: [4, 1], doubles: [1, 2, 4, 8]), try NumPyArray(shape: [3, 1], doubles: [5, 6.25, -3]))
    let json = try ToolRun("solve-batch", "problem.npz", "--json", in: folder).json()
    #expect(json["median_error"] as? Double == 0.25 && json["max_error"] as? Double == 3)
    #expect(json["instances"] as? Int == 3 && json["mean_size"] as? Double == 4.0 / 3)
    try ToolRun("solve-batch", "problem.npz", "--seed", "1", in: folder).expectBadInput("both")
    try write(
      try NumPyArray(shape: [2, 2], doubles: [1, 2, 4, 8]), try NumPyArray(shape: [1, 2], doubles: [5, 6]))
    try ToolRun("solve-batch", "problem.npz", in: folder).expectBadInput("one dimension", "dimension 2")
  }

  @Test func badInputIsNamed() throws {
    let folder = try Folder()
    try ToolRun("solve-batch", in: folder).expectBadInput("PROBLEM.npz", "--count")
    try ToolRun(batch + ["gauss"], in: folder).expectBadInput("--law", "small-targets", "'gauss'")
    try ToolRun(
      "solve-batch", "--count", "41", "--instances", "1", "--seed", "1", "--law", "uniform", in: folder
    ).expectBadInput("at most 40 candidates", "41")
    try ToolRun(
      "solve-batch", "--count", "4", "--instances", "0", "--seed", "1", "--law", "uniform", in: folder
    ).expectBadInput("--instances")
  }

  @Test func fourListsAgreeWithTwo() throws {
    let folder = try Folder()
    func error(_ solver: String, _ size: [String]) throws -> Double? {
      let run = try ToolRun(
        ["solve", "--dimension", "1", "--count", "32", "--seed", "4", "--json", "--solver", solver] + size, in: folder)
      return try run.json()["error"] as? Double
    }
    for size in [[], ["--size", "9"]] {
      #expect(try error("four-lists", size) == error("meet-in-the-middle", size))
      #expect(try error("four-lists", size) != nil)
    }
  }
}
