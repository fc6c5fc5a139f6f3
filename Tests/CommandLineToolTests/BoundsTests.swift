import Foundation
import Testing

/// `tombola bounds` as a program: keys, table, and input that it refuses.
@Suite struct BoundsTests {
  static let question = [
    "bounds", "--kernel", "3", "--channels-in", "1", "--channels-out", "8", "--layers", "3", "--epsilon", "1e-3",
  ]

  @Test func jsonHoldsEveryRow() throws {
    let run = try ToolRun(Self.question + ["--count", "2000", "--json"], in: Folder())
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let json = try run.json()
    #expect(json["dimension"] as? Int == 72 && json["delta"] as? Double == 1e-3)
    let bounds = try #require(json["bounds"] as? [[String: Any]])
    #expect(bounds.count == 11)
    for bound in bounds {
      #expect(
        Set(bound.keys) == [
          "name", "source", "year", "standing", "direction", "about", "counted", "formula", "constant_known", "value",
          "log10", "size", "condition", "meaning",
        ])
    }
    let existence = try #require(bounds.first { $0["name"] as? String == "one expected subset" })
    #expect((existence["value"] as? Double)?.rounded() == 1067)
    let figures = try #require(json["at_count"] as? [String: Any])
    #expect(figures["count"] as? Int == 2000 && figures["epsilon_star"] is Double && figures["best_size"] is Int)
  }

  @Test func theTableShowsWhatIsNotSure() throws {
    let run = try ToolRun(Self.question, in: Folder())
    #expect(run.status == 0 && run.errors.isEmpty)
    for part in ["recalled", "derived", "unknown", "MRSS", "one dimension", "1067", "d^12", "taken as 1"] {
      #expect(run.output.contains(part), "\(run.output)")
    }
    #expect(!run.output.contains("at N ="))
    let wide = try ToolRun(Self.question + ["--count", "60"], in: Folder())
    #expect(wide.output.contains("at N = 60") && wide.output.contains("needs N > m = 72"))
  }

  @Test func badInputIsNamed() throws {
    let folder = try Folder()
    func run(_ option: String, _ value: String) throws -> ToolRun {
      var arguments = Self.question
      if let place = arguments.firstIndex(of: option) {
        arguments[place + 1] = value
      } else {
        arguments += [option, value]
      }
      return try ToolRun(arguments, in: folder)
    }
    try run("--kernel", "0").expectBadInput("kernel", "1 to 1024", "found 0")
    try run("--epsilon", "1.5").expectBadInput("epsilon", "between 0 and 1", "1.5")
    try run("--epsilon", "nan").expectBadInput("epsilon", "nan")
    try run("--delta", "0").expectBadInput("delta", "0.0")
    try run("--count", "0").expectBadInput("count", "found 0")
    try run("--channels-out", "1048577").expectBadInput("channels out", "1048577")
  }
}
