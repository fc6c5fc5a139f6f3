import Foundation
import ModelFiles
import RandomStreams
import Testing

/// `tombola solve`: its contract and its input.
@Suite struct SolveTests {
  private let keys = [
    "error", "subset", "size", "optimal", "limit", "seconds", "solver", "evaluations", "work", "empty_set_error",
  ]

  private func archive(_ folder: Folder, _ arrays: [(String, NumPyArray)]) throws {
    let archive = NumPyArchive(entries: arrays.map { NumPyArchive.Entry(name: $0.0, array: $0.1) })
    try folder.write(try archive.serialized(), to: "problem.npz")
  }

  @Test func aGeneratedProblemHasTheContractsKeys() throws {
    let folder = try Folder()
    let run = try ToolRun("solve", "--dimension", "2", "--count", "20", "--seed", "3", "--json", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let json = try run.json()
    for key in keys { #expect(json[key] != nil, "\(key)") }
    #expect(json["optimal"] as? Bool == true && json["dimension"] as? Int == 2 && json["count"] as? Int == 20)
    let subset = try #require(json["subset"] as? [Int])
    #expect(subset == subset.sorted() && subset.count == json["size"] as? Int)
    // The same by every exact solver, and text for people.
    for solver in ["exhaustive", "meet-in-the-middle"] {
      let other = try ToolRun(
        "solve", "--dimension", "2", "--count", "20", "--seed", "3", "--solver", solver, "--json", in: folder)
      #expect(try other.json()["error"] as? Double == json["error"] as? Double)
    }
    let text = try ToolRun("solve", "--dimension", "2", "--count", "20", "--seed", "3", in: folder)
    #expect(text.status == 0 && text.output.contains("proved optimal"))
  }

  @Test(arguments: [false, true]) func errorsAreThoseOfTheFile(isDouble: Bool) throws {
    let folder = try Folder()
    let rows: [Double] = (0..<72).map { index in Double((index * 7919) % 1013) / 506 - 1 }
    let stored: [Double] = isDouble ? rows : rows.map { Double(Float($0)) }
    let targets: [Double] = [0.5, -0.25, 1, 2, 0, -1]
    try archive(
      folder,
      [
        (
          "candidates",
          isDouble
            ? try NumPyArray(shape: [24, 3], doubles: rows)
            : try NumPyArray(shape: [24, 3], floats: rows.map(Float.init))
        ), ("target", try NumPyArray(shape: [2, 3], doubles: targets)),
      ])
    for norm in ["max", "l2"] {
      let run = try ToolRun("solve", "problem.npz", "--norm", norm, "--json", in: folder)
      #expect(run.status == 0, "\(run.errors)")
      let results = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
      #expect(results.count == 2)
      for (t, result) in results.enumerated() {
        let subset = try #require(result["subset"] as? [Int])
        var residual = [Double](targets[t * 3..<t * 3 + 3])
        for i in subset { for j in 0..<3 { residual[j] -= stored[i * 3 + j] } }
        let squares: Double = residual.reduce(0) { $0 + $1 * $1 }
        let error = norm == "max" ? residual.map(abs).max()! : squares.squareRoot()
        #expect(abs(try #require(result["error"] as? Double) - error) < 1e-12)
      }
    }
  }

  @Test func aSavedProblemIsTheGeneratedOne() throws {
    let folder = try Folder()
    let instance = ["solve", "--dimension", "3", "--count", "18", "--seed", "9", "--json"]
    let made = try ToolRun(instance + ["--save", "saved.npz"], in: folder)
    #expect(made.status == 0, "\(made.errors)")
    let read = try ToolRun("solve", "saved.npz", "--json", in: folder)
    #expect(try read.json()["error"] as? Double == (try made.json())["error"] as? Double)
    #expect(try read.json()["subset"] as? [Int] == (try made.json())["subset"] as? [Int])
    try ToolRun(instance + ["--save", "saved.npz"], in: folder).expectBadInput("saved.npz", "--force")
    // Not the tool's own words: what is saved is what addressed streams give.
    let archive = try NumPyArchive(path: folder.file("saved.npz"))
    let rows = try archive.array("candidates").doubles()
    func stream(_ channel: UInt64) -> StreamAddress { StreamAddress(seed: 9, path: StreamPath(channel: channel)) }
    for i in 0..<18 {
      for j in 0..<3 {
        let scale = Double(Float(NormalStream.value(at: stream(1), entry: i)))
        let entry = Double(Float(NormalStream.value(at: stream(2), entry: i * 3 + j)))
        #expect(rows[i * 3 + j] == scale * entry)
      }
    }
    let target = try archive.array("target").doubles()
    #expect(target == (0..<3).map { UniformStream.symmetricValue(at: stream(3), entry: $0) / 2 })
  }

  @Test func epsilonAndLimitsDecideTheExitCode() throws {
    let folder = try Folder()
    let instance = ["solve", "--dimension", "20", "--count", "100", "--seed", "1"]
    #expect(try ToolRun(instance + ["--work-limit", "2000000", "--epsilon", "0.4"], in: folder).status == 0)
    #expect(try ToolRun(instance + ["--work-limit", "2000000", "--epsilon", "1e-9"], in: folder).status == 1)
    #expect(try ToolRun(instance + ["--work-limit", "2000000"], in: folder).status == 3)
    let first = try ToolRun(instance + ["--work-limit", "2000000", "--json"], in: folder).json()
    let again = try ToolRun(instance + ["--work-limit", "2000000", "--threads", "1", "--json"], in: folder).json()
    #expect(first["subset"] as? [Int] == again["subset"] as? [Int])
  }

  @Test func severalTargetsShareTheTime() throws {
    let folder = try Folder()
    let rows: [Float] = (0..<60 * 6).map { index in Float((index * 7919) % 1013) / 506 - 1 }
    let targets: [Float] = (0..<3 * 6).map { index in Float((index * 5003) % 211) / 105 - 1 }
    try archive(
      folder,
      [
        ("candidates", try NumPyArray(shape: [60, 6], floats: rows)),
        ("target", try NumPyArray(shape: [3, 6], floats: targets)),
      ])
    let run = try ToolRun(
      "solve", "problem.npz", "--solver", "exchange", "--threads", "1", "--time-limit", "0.6", "--json", in: folder)
    #expect(run.status == 3, "\(run.errors)")
    let results = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    #expect(results.count == 3)
    for result in results {
      #expect(result["stop"] as? String == "time limit")
      #expect(try #require(result["work"] as? Int) > 1000)
      #expect(try #require(result["error"] as? Double) < (try #require(result["empty_set_error"] as? Double)))
    }
  }

  @Test func badInputIsNamed() throws {
    let folder = try Folder()
    try ToolRun("solve", in: folder).expectBadInput("PROBLEM.npz", "--dimension")
    try ToolRun("solve", "--dimension=-2", "--count", "3", "--seed", "1", in: folder).expectBadInput("≥ 0", "-2")
    try ToolRun("solve", "--dimension", "2", "--count", "3", "--seed", "1", "--norm", "l1", in: folder)
      .expectBadInput("--norm", "'l1'")
    try ToolRun("solve", "--dimension", "2", "--count", "3", "--seed", "1", "--solver", "magic", in: folder)
      .expectBadInput("--solver", "k-list", "'magic'")
    try ToolRun("solve", "--dimension", "2", "--count", "3", "--seed", "1", "--epsilon", "nan", in: folder)
      .expectBadInput("--epsilon")
    try ToolRun("solve", "missing.npz", in: folder).expectBadInput("missing.npz")
    let rows = try NumPyArray(shape: [3, 2], doubles: [1, 2, 3, 4, 5, 6])
    try archive(folder, [("candidates", rows)])
    try ToolRun("solve", "problem.npz", in: folder).expectBadInput("problem.npz", "target")
    try ToolRun("solve", "problem.npz", "--seed", "1", in: folder).expectBadInput("both")
    try archive(folder, [("candidates", rows), ("target", try NumPyArray(shape: [3], doubles: [1, 2, 3]))])
    try ToolRun("solve", "problem.npz", in: folder).expectBadInput("target", "(2)")
    try archive(
      folder, [("candidates", rows), ("target", try NumPyArray(shape: [2], doubles: [1, .nan]))])
    try ToolRun("solve", "problem.npz", in: folder).expectBadInput("target entry 1", "nan")
    try archive(
      folder, [("candidates", try NumPyArray(shape: [6], doubles: [1, 2, 3, 4, 5, 6])), ("target", rows)])
    try ToolRun("solve", "problem.npz", in: folder).expectBadInput("candidates", "(n, m)")
  }
}
