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
      let archive = NumPyArchive(entries: [
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
    try ToolRun("solve-batch", "problem.npz", "--norm", "l2", in: folder).expectBadInput("--norm", "one dimension")
    try write(
      try NumPyArray(shape: [2, 2], doubles: [1, 2, 4, 8]), try NumPyArray(shape: [2, 2], doubles: [5, 6, 1, 2]))
    for (norm, least) in [("max", 2), ("l2", 5.0.squareRoot())] {
      let run = try ToolRun("solve-batch", "problem.npz", "--norm", norm, "--json", in: folder)
      let plane = try run.json()
      #expect(run.status == 0 && plane["optimal"] as? Bool == true && plane["proved"] as? Int == 2)
      let solutions = try #require(plane["solutions"] as? [[String: Any]])
      #expect(solutions.count == 2 && solutions[1]["error"] as? Double == 0 && solutions[1]["subset"] as? [Int] == [0])
      #expect(abs((solutions[0]["error"] as? Double ?? .nan) - least) < 1e-12)
    }
  }

  /// Targets with candidates of their own get what `solve` finds for each, whatever the number of
  /// candidates and the threads.
  @Test func targetsMayHaveTheirOwnCandidates() throws {
    let folder = try Folder()
    func write(_ candidates: NumPyArray, _ target: NumPyArray, to name: String) throws {
      let archive = NumPyArchive(entries: [
        NumPyArchive.Entry(name: "candidates", array: candidates), NumPyArchive.Entry(name: "target", array: target),
      ])
      try folder.write(try archive.serialized(), to: name)
    }
    for (n, m, proved) in [(20, 3, 3), (90, 6, 0)] {
      let numbers = (0..<3 * n * m).map { (index: Int) -> Double in
        let hashed: Int = (index * index * 7919 + index * 104_729) % 20_011
        return Double(hashed) / 10_000 - 1
      }
      let targets = (0..<3 * m).map { (index: Int) -> Double in Double(index % 7) / 9 - 0.3 }
      try write(
        try NumPyArray(shape: [3, n, m], doubles: numbers), try NumPyArray(shape: [3, m], doubles: targets),
        to: "own.npz")
      let options = ["--work-limit", "30000000", "--json"]
      let run = try ToolRun(["solve-batch", "own.npz", "--threads", "2"] + options, in: folder)
      let batch = try run.json()
      #expect([0, 3].contains(run.status) && batch["proved"] as? Int == proved)
      let solutions = try #require(batch["solutions"] as? [[String: Any]])
      #expect(solutions.count == 3 && batch["count"] as? Int == n && batch["dimension"] as? Int == m)
      for index in solutions.indices {
        let (own, target) = (numbers.dropFirst(index * n * m).prefix(n * m), targets.dropFirst(index * m).prefix(m))
        try write(
          try NumPyArray(shape: [n, m], doubles: Array(own)), try NumPyArray(shape: [m], doubles: Array(target)),
          to: "one.npz")
        let one = try ToolRun(["solve", "one.npz", "--threads", "1"] + options, in: folder).json()
        #expect(solutions[index]["subset"] as? [Int] == one["subset"] as? [Int])
        #expect(solutions[index]["error"] as? Double == one["error"] as? Double)
      }
    }
    try ToolRun("solve", "own.npz", in: folder).expectBadInput("candidates", "(n, m)")
    try write(
      try NumPyArray(shape: [2, 4, 2], doubles: [Double](repeating: 1, count: 16)),
      try NumPyArray(shape: [3, 2], doubles: [Double](repeating: 1, count: 6)), to: "own.npz")
    try ToolRun("solve-batch", "own.npz", in: folder).expectBadInput("target", "(2, 2)")
  }

  /// Target 0 of a generated batch is that of `solve`, and optima are what it proves.
  @Test func generatedTargetsInMoreDimensions() throws {
    let folder = try Folder()
    let options = ["--dimension", "3", "--count", "24", "--seed", "7", "--json"]
    let run = try ToolRun(["solve-batch", "--instances", "5", "--epsilon", "1"] + options, in: folder)
    let batch = try run.json()
    #expect(run.status == 0 && batch["dimension"] as? Int == 3 && batch["norm"] as? String == "max")
    let one = try ToolRun(["solve"] + options, in: folder).json()
    let solutions = try #require(batch["solutions"] as? [[String: Any]])
    #expect(one["optimal"] as? Bool == true && solutions.count == 5)
    #expect(solutions[0]["error"] as? Double == one["error"] as? Double)
    let stopped = try ToolRun(["solve-batch", "--instances", "5", "--work-limit", "5000"] + options, in: folder)
    #expect(stopped.status == 3)
    #expect(try stopped.json()["optimal"] as? Bool == false)
    try ToolRun(["solve-batch", "--instances", "5", "--law", "uniform"] + options, in: folder).expectBadInput("--law")
    try ToolRun(
      "solve-batch", "--dimension", "1", "--count", "9", "--instances", "2", "--seed", "1", in: folder
    ).expectBadInput("--dimension", "2 or more")
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
