import Foundation
import ModelFiles
import Testing

/// `tombola solve --all` and `--by-size`: many subsets of one problem.
@Suite struct SolveListingTests {
  private let instance = ["solve", "--dimension", "2", "--count", "14", "--seed", "3"]

  /// Candidates 1, 2, 3, 4, one of them a row, and targets.
  private func writeLine(_ targets: [Double], in folder: Folder) throws {
    let archive = NumPyArchive(entries: [
      NumPyArchive.Entry(name: "candidates", array: try NumPyArray(shape: [4, 1], doubles: [1, 2, 3, 4])),
      NumPyArchive.Entry(name: "target", array: try NumPyArray(shape: [targets.count, 1], doubles: targets)),
    ])
    try folder.write(try archive.serialized(), to: "line.npz")
  }

  private func rows(_ json: [String: Any]) throws -> [(subset: [Int], size: Int, error: Double)] {
    try #require(json["subsets"] as? [[String: Any]]).map {
      (
        try #require($0["subset"] as? [Int]), try #require($0["size"] as? Int), try #require($0["error"] as? Double)
      )
    }
  }

  @Test func allSubsetsAreListedInOrder() throws {
    let folder = try Folder()
    try writeLine([5], in: folder)
    let run = try ToolRun("solve", "line.npz", "--all", "--epsilon", "1", "--json", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let json = try run.json()
    let found = try rows(json)
    // Sums 5, then 4 and 6; fewer candidates first, then lexicographically.
    #expect(found.map(\.subset) == [[0, 3], [1, 2], [3], [0, 2], [1, 3], [0, 1, 2]])
    #expect(found.map(\.error) == [0, 0, 1, 1, 1, 1] && found.allSatisfy { $0.size == $0.subset.count })
    #expect(json["count"] as? Int == 6 && json["complete"] as? Bool == true && json["candidates"] as? Int == 4)
    for key in ["epsilon", "max_subsets", "dimension", "norm", "solver", "stop", "work", "seconds"] {
      #expect(json[key] != nil, "\(key)")
    }
    let pairs = try ToolRun("solve", "line.npz", "--all", "--epsilon", "1", "--size", "2", "--json", in: folder)
    #expect(try rows(try pairs.json()).map(\.subset) == [[0, 3], [1, 2], [0, 2], [1, 3]])
    let text = try ToolRun("solve", "line.npz", "--all", "--epsilon", "1", in: folder)
    #expect(text.status == 0 && text.output.contains("6 within 1: all there are"), "\(text.output)")
    #expect(text.output.hasSuffix("1           3     0 1 2\n"), "\(text.output)")
  }

  /// The closest is the one that an exact solver finds, in either norm, and errors are those of
  /// brute force.
  @Test(arguments: ["max", "l2"]) func aGeneratedListIsTheBruteForces(norm: String) throws {
    let folder = try Folder()
    let made = try ToolRun(instance + ["--norm", norm, "--save", "saved.npz", "--json"], in: folder)
    let best = try #require(try made.json()["error"] as? Double)
    let archive = try NumPyArchive(path: folder.file("saved.npz"))
    let candidates = try archive.array("candidates").doubles()
    let target = try archive.array("target").doubles()
    var errors: [Double] = []
    for mask in 0..<1 << 14 {
      var residual = target
      for i in 0..<14 where mask >> i & 1 == 1 { for j in 0..<2 { residual[j] -= candidates[i * 2 + j] } }
      errors.append(
        norm == "max"
          ? max(abs(residual[0]), abs(residual[1]))
          : (residual[0] * residual[0] + residual[1] * residual[1]).squareRoot())
    }
    let expected = errors.filter { $0 <= 0.3 }.sorted()
    let run = try ToolRun(
      instance + ["--norm", norm, "--all", "--epsilon", "0.3", "--solver", "meet-in-the-middle", "--json"], in: folder)
    let found = try rows(try run.json())
    #expect(run.status == 0 && found.count == expected.count && found.count > 10)
    #expect(found[0].error == best)
    for (row, error) in zip(found, expected) { #expect(abs(row.error - error) < 1e-12) }
    #expect(Set(found.map(\.subset)).count == found.count)
  }

  /// A subset within ε, the proof that there is none, or a limit.
  @Test func existenceIsDecided() throws {
    let folder = try Folder()
    let options = ["solve", "--dimension", "4", "--count", "26", "--seed", "2"]
    let best = try #require(try ToolRun(options + ["--json"], in: folder).json()["error"] as? Double)
    let some = try ToolRun(options + ["--decide", "--epsilon", "\(best * (1 + 1e-12))", "--json"], in: folder)
    #expect(some.status == 0)
    #expect(try some.json()["error"] as? Double == best && some.json()["lower_bound"] as? Double == best)
    let none = try ToolRun(options + ["--decide", "--epsilon", "\(best * (1 - 1e-12))", "--json"], in: folder)
    #expect(none.status == 4)
    let bound = try #require(try none.json()["lower_bound"] as? Double)
    #expect(abs(bound / best - (1 - 1e-12)) < 1e-15)
    let stopped = try ToolRun(options + ["--decide", "--epsilon", "1e-3", "--work-limit", "9", "--json"], in: folder)
    #expect(stopped.status == 3)
    for wrong in [["--epsilon", "1", "--all"], ["--epsilon", "1", "--solver", "beam"], [], ["--epsilon", "0"]] {
      let run = try ToolRun(options + ["--decide"] + wrong, in: folder)
      #expect(run.status == 2 && run.errors.contains("--decide"), "\(wrong): \(run.errors)")
    }
  }

  @Test func capsLimitsAndEmptyListsDecideTheExitCode() throws {
    let folder = try Folder()
    try writeLine([5], in: folder)
    let capped = try ToolRun(
      "solve", "line.npz", "--all", "--epsilon", "1", "--max-subsets", "3", "--json", in: folder)
    #expect(capped.status == 3)
    #expect(try capped.json()["complete"] as? Bool == false)
    #expect(try rows(try capped.json()).map(\.subset) == [[0, 3], [1, 2], [3]])
    #expect(
      try ToolRun("solve", "line.npz", "--all", "--epsilon", "1", "--max-subsets", "6", in: folder).status == 0)
    // No sum is above 10.
    try writeLine([12], in: folder)
    let none = try ToolRun("solve", "line.npz", "--all", "--epsilon", "1.5", "--json", in: folder)
    #expect(none.status == 4)
    #expect(try none.json()["count"] as? Int == 0 && none.json()["complete"] as? Bool == true)
    #expect(try ToolRun("solve", "line.npz", "--all", "--epsilon", "2", "--size", "3", in: folder).status == 4)
    // A list for each target; one without subsets decides.
    try writeLine([5, 12], in: folder)
    let both = try ToolRun("solve", "line.npz", "--all", "--epsilon", "0", "--json", in: folder)
    #expect(both.status == 4)
    let lists = try #require(try JSONSerialization.jsonObject(with: Data(both.output.utf8)) as? [[String: Any]])
    #expect(lists.map { $0["count"] as? Int } == [2, 0])
    // A list that was stopped proves nothing.
    let stopped = try ToolRun(
      "solve", "--dimension", "2", "--count", "30", "--seed", "1", "--all", "--epsilon", "0", "--work-limit", "100000",
      "--json", in: folder)
    #expect(stopped.status == 3)
    #expect(try stopped.json()["complete"] as? Bool == false && stopped.json()["stop"] as? String == "work limit")
  }

  @Test func theBestOfEachSizeIsShown() throws {
    let folder = try Folder()
    let beam = [
      "solve", "--dimension", "3", "--count", "60", "--seed", "5", "--solver", "beam", "--work-limit", "30000000",
    ]
    let run = try ToolRun(beam + ["--by-size", "--json"], in: folder)
    let json = try run.json()
    let sizes = try #require(json["by_size"] as? [[String: Any]])
    #expect(sizes.map { $0["size"] as? Int } == Array(0..<sizes.count) && sizes.count > 3)
    for row in sizes {
      #expect((row["subset"] as? [Int])?.count == row["size"] as? Int)
      #expect(row["error"] is Double && row["limit"] != nil)
    }
    // The scale of a size exists above the dimension.
    #expect(sizes[3]["limit"] is NSNull && sizes.last?["limit"] is Double)
    // The solve itself is the one without the table.
    let alone = try ToolRun(beam + ["--json"], in: folder)
    #expect(alone.status == run.status)
    let plain = try alone.json()
    for key in ["error", "work"] { #expect(plain[key] as? Double == json[key] as? Double, "\(key)") }
    #expect(plain["by_size"] == nil && plain["subset"] as? [Int] == json["subset"] as? [Int])
    #expect(sizes.compactMap { $0["error"] as? Double }.min() == json["error"] as? Double)
    let text = try ToolRun(beam + ["--by-size"], in: folder)
    #expect(text.output.contains("scale of the best reachable of that size"), "\(text.output)")
    let epsilon = try ToolRun(beam + ["--by-size", "--epsilon", "1e-12"], in: folder)
    #expect(epsilon.status == 1)
  }

  @Test func wrongUsageIsNamed() throws {
    let folder = try Folder()
    try ToolRun(instance + ["--all"], in: folder).expectBadInput("--all", "--epsilon", "none")
    try ToolRun(instance + ["--all", "--epsilon=-1"], in: folder).expectBadInput("--epsilon", "≥ 0", "-1")
    try ToolRun(instance + ["--all", "--epsilon", "1", "--solver", "beam"], in: folder)
      .expectBadInput("--all", "meet-in-the-middle", "beam")
    try ToolRun(instance + ["--all", "--epsilon", "1", "--solver", "magic"], in: folder)
      .expectBadInput("--solver", "'magic'")
    try ToolRun(instance + ["--all", "--epsilon", "1", "--max-subsets", "0"], in: folder)
      .expectBadInput("--max-subsets", "1 to 1000000", "0")
    try ToolRun(instance + ["--max-subsets", "5"], in: folder).expectBadInput("--max-subsets", "--all")
    try ToolRun(instance + ["--all", "--epsilon", "1", "--size", "15"], in: folder).expectBadInput("0 to 14", "15")
    try ToolRun(
      "solve", "--dimension", "1", "--count", "61", "--seed", "1", "--all", "--epsilon", "1", in: folder
    ).expectBadInput("at most 60 candidates", "61")
    try ToolRun(
      "solve", "--dimension", "9", "--count", "60", "--seed", "1", "--all", "--epsilon", "1", in: folder
    ).expectBadInput("bytes", "needs")
    try ToolRun(instance + ["--by-size"], in: folder).expectBadInput("--by-size", "--solver beam", "none")
    try ToolRun(instance + ["--by-size", "--solver", "greedy"], in: folder).expectBadInput("--solver beam", "greedy")
    try ToolRun(instance + ["--by-size", "--solver", "beam", "--size", "4"], in: folder)
      .expectBadInput("--by-size", "--size 4")
    try ToolRun(instance + ["--by-size", "--all", "--epsilon", "1"], in: folder).expectBadInput("--by-size", "--all")
  }
}
