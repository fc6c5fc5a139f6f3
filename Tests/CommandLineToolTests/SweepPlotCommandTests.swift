import Experiments
import Foundation
import Testing

/// `tombola plot` and `table --thresholds` on stores.
@Suite struct SweepPlotCommandTests {
  private func folder() throws -> Folder {
    let folder = try Folder()
    let text = """
      seed = 4
      trials = 100
      dimension = [1, 2, 3]
      count = { from = 4, to = 16, step = 4 }
      epsilon = [0.2, 0.1, 0.02]
      solver = ["exact", "greedy"]

      """
    try folder.write(Data(text.utf8), to: "grid.toml")
    #expect(try ToolRun("sweep", "grid.toml", "--store", "s", in: folder).status == 0)
    return folder
  }

  @Test(.enabled(if: Gnuplot.executable() != nil, "needs gnuplot")) func everyKindIsDrawnFromAStore() throws {
    let folder = try folder()
    for (arguments, said, words) in [
      (["--dimension", "2"], "success of 8 cells, 800 trials", ["exists, ε = 0.1", "found by greedy, ε = 0.1"]),
      (
        ["--dimension", "1,2,3", "--epsilon", "0.05"], "success of 24 cells",
        ["exists, m = 1", "found by greedy, m = 3"]
      ),
      (["--kind", "error"], "error of 24 cells", ["optimum, m = 2", "ε*"]),
      (["--kind", "threshold", "--solver", "exact"], "fit: n50 = ", ["exists, m = 1", "dotted: "]),
      (["--kind", "threshold", "--against", "dimension"], "threshold of 24 cells", ["found by greedy, ε = 0.2"]),
    ] {
      let run = try ToolRun(["plot", "s"] + arguments + ["-o", "out.svg", "--force"], in: folder)
      #expect(run.status == 0 && run.errors.isEmpty && run.output.contains(said), "\(run.errors)\(run.output)")
      let picture = String(decoding: try folder.bytes("out.svg"), as: UTF8.self)
      for word in words { #expect(picture.contains(word), "\(word)") }
    }
    #expect(try ToolRun("plot", "s", "--solver", "greedy", "-o", "out.png", in: folder).status == 0)
    #expect(try folder.bytes("out.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test func badInputIsNamed() throws {
    let folder = try folder()
    func rejects(_ arguments: String..., parts: [String]) throws {
      let run = try ToolRun(["plot", "s"] + arguments + ["-o", "o.svg"], in: folder)
      #expect(run.status == 2 && parts.allSatisfy { run.errors.contains($0) }, "\(run.errors)")
    }
    try rejects(parts: ["at most 12 curves", "18", "dimension 1, 2, 3", "solver exact, greedy", "epsilon"])
    try rejects("--kind", "layers", parts: ["--kind", "success, error, threshold", "'layers'"])
    try rejects("--dimension", "4", parts: ["--dimension", "1, 2, 3", "'4'"])
    try rejects("--solver", "exact,", parts: ["--solver", "''"])
    try rejects("--epsilon", "0.1,0.1", parts: ["--epsilon", "different"])
    try rejects("--against", "dimension", parts: ["--against", "--kind threshold"])
    try rejects("s", parts: ["one store", "2 of 2"])
    try folder.write(Data("{}".utf8), to: "a.json")
    try rejects("a.json", parts: ["a.json", "'width'"])
    let ticket = try folder.prune("--json")
    try folder.write(Data(ticket.output.utf8), to: "a.json")
    try rejects("a.json", parts: ["one store", "1 of 2"])
    try ToolRun("plot", "a.json", "--dimension", "1", "-o", "o.svg", in: folder).expectBadInput(
      "--dimension", "a store")
    try ToolRun("plot", "a.json", "--kind", "success", "-o", "o.svg", in: folder).expectBadInput("--kind", "accuracy")
    #expect(!folder.exists("o.svg"))
  }

  @Test func thresholdsAreTabulated() throws {
    let folder = try folder()
    let csv = try ToolRun("table", "s", "--thresholds", "--csv", in: folder).output.split(separator: "\n")
    #expect(
      csv.count == 1 + 3 * 3 * 2 && csv[0].hasPrefix("dimension,candidates,") && csv[0].contains(",n50,low,high,"))
    let json = try ToolRun("table", "s", "--thresholds", "--jsonl", "--epsilon", "0.15", in: folder).output
      .split(separator: "\n")
    #expect(json.count == 6)
    let table = ThresholdTable(try CellSummary.all(of: try ResultStore(reading: folder.file("s")), epsilons: [0.15]))
    for (line, row) in zip(json, table.rows) {
      let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(fields["n50"] as? Double == row.threshold.count && fields["solver"] as? String == row.cell.solver)
    }
    let text = try ToolRun("table", "s", "--thresholds", in: folder).output
    #expect(text.contains("n50") && text.contains("fit: n50 = ") && text.contains("first moment"))
    try ToolRun("table", "s", "--thresholds", "--cells", in: folder).expectBadInput("--cells", "--thresholds")
  }
}
