import Foundation
import ModelFiles
import Testing

@Suite struct JSONReportTests {
  private struct Row: Encodable { let error: Double }
  private struct Report: Encodable {
    var best: Double?
    var rows: [Row]
    var name = "a/b \u{e9}"
    var seed = UInt64.max
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func finiteFiguresAreAsTheyAre() throws {
    let text = try JSONReport.text(
      of: Report(best: 0.1, rows: [Row(error: 5e-300), Row(error: 1e300)]))
    #expect(text.contains("\"best\" : 0.1"))
    let json = try object(text)
    #expect(Set(json.keys) == ["best", "rows", "name", "seed"])
    #expect((json["rows"] as? [[String: Double]])?.map { $0["error"] } == [5e-300, 1e300])
    #expect(
      json["name"] as? String == "a/b \u{e9}" && (json["seed"] as? NSNumber)?.uint64Value == .max)
  }

  @Test func othersAreNullWithAReason() throws {
    let rows = [1, .infinity, -.infinity, .nan].map { Row(error: $0) }
    let json = try object(try JSONReport.text(of: Report(best: .infinity, rows: rows)))
    #expect(json["best"] is NSNull)
    let list = try #require(json["rows"] as? [[String: Any]])
    #expect(list[0]["error"] as? Double == 1 && list[1...].allSatisfy { $0["error"] is NSNull })
    let reasons = [
      "best": "infinity", "rows.1.error": "infinity", "rows.2.error": "minus infinity",
      "rows.3.error": "not a number",
    ]
    #expect(json["not_finite"] as? [String: String] == reasons)
    #expect(
      json["name"] as? String == "a/b \u{e9}" && (json["seed"] as? NSNumber)?.uint64Value == .max)
  }

  @Test func listsHaveNullsToo() throws {
    let text = try JSONReport.text(of: [Row(error: .nan), Row(error: 2)])
    let list = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    #expect(list[0]["error"] is NSNull && list[1]["error"] as? Double == 2)
  }
}
