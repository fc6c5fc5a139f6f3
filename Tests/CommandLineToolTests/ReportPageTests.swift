import Experiments
import Foundation
import TestSupport
import Testing

/// `tombola report` in a headless browser without a network, through `tools/inspect_page.py`.
@Suite struct ReportPageTests {
  private static let specification = """
    seed = 4
    trials = 60
    dimension = [1, 2]
    count = { from = 4, to = 16, step = 4 }
    epsilon = [0.1, 0.02]
    solver = ["exact", "greedy"]

    """

  /// A folder with the store `grid.sqlite` and the JSON of two small tickets, `a.json` and
  /// `b.json`.
  private func folder() throws -> Folder {
    let folder = try Folder()
    try folder.write(Data(Self.specification.utf8), to: "grid.toml")
    #expect(try ToolRun("sweep", "grid.toml", "--store", "grid.sqlite", in: folder).status == 0)
    for (name, seed) in [("a", "1"), ("b", "2")] {
      let run = try ToolRun(
        "prune", Folder.target, "--width", "200", "--seed", seed, "--data", Folder.data, "--json", "--force", "-o",
        Folder.ticket, in: folder)
      #expect(run.status == 0, "\(run.errors)")
      try folder.write(Data(run.output.utf8), to: "\(name).json")
    }
    return folder
  }

  // The script's keys.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private struct Inspection: Decodable {
    struct Drawing: Decodable {
      let width: Double
      let height: Double
      let paths: Int
      let label: String?
    }

    struct Contrast: Decodable {
      let least: Double
      let ground: Double
    }

    let title: String
    let sections: [String]
    let tables: [Int]
    let figures: Int
    let svgs: [Drawing]
    let repeated_ids: [String]
    let dangling: Int
    let active: Int
    let overflow: Double
    let text: String
    let requests: [String]
    let loaded: Int
    let failures: [String]
    let console: [String]
    let light: Contrast
    let dark: Contrast
  }

  /// What the browser made of a page. A browser that is missing fails the test.
  private func inspect(_ page: String, _ options: String..., in folder: Folder) throws -> Inspection {
    let data = try Python.run([Python.tools.path + "/inspect_page.py", folder.file(page)] + options)
    return try JSONDecoder().decode(Inspection.self, from: data)
  }

  @Test func theBrowserShowsThePageAndLoadsNothing() throws {
    let folder = try folder()
    let run = try ToolRun(
      "report", "grid.sqlite", "a.json", "b.json", "--title", "A <b> & c", "-o", "r.html", in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    #expect(run.output == "r.html: 1 store, 2 tickets, 8 plots\n")
    let page = try inspect(
      "r.html", "--screenshot", folder.file("light.png"), "--dark-screenshot", folder.file("dark.png"), "--print",
      folder.file("r.pdf"), in: folder)
    #expect(page.title == "A <b> & c" && page.sections == ["A <b> & c", "Sweep grid.sqlite", "Tickets"])
    // Runs; curves and ε; cells and ε; searches; tickets; layers of the two.
    #expect(page.tables == [1, 2 * 2 * 2, 2 * 2 * 4 * 2, 2, 2, 4])
    // The eight plots, and the layers of the tickets' one target.
    #expect(page.figures == 9 && page.svgs.count == 9)
    for drawing in page.svgs {
      #expect(drawing.width > 300 && drawing.height > 200 && drawing.paths >= 8, "\(drawing)")
      #expect(drawing.label?.isEmpty == false)
    }
    #expect(page.repeated_ids.isEmpty && page.dangling == 0 && page.active == 0 && page.overflow == 0)
    // Nothing but the page itself was asked for, and nobody complained.
    #expect(page.requests.isEmpty && page.failures.isEmpty && page.console.isEmpty && page.loaded == 1)
    // WCAG's contrast for text, on a bright and on a dark ground.
    #expect(page.light.least >= 4.5 && page.light.ground > 0.9)
    #expect(page.dark.least >= 4.5 && page.dark.ground < 0.1)
    for text in ["found by greedy", "exists", "a.json", "Specification", "first moment", "tombola "] {
      #expect(page.text.contains(text), "\(text)")
    }
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    for name in ["light.png", "dark.png"] {
      let bytes = try folder.bytes(name)
      #expect(bytes.starts(with: signature) && bytes.count > 20_000)
    }
    #expect(try folder.bytes("light.png") != folder.bytes("dark.png"))
    #expect(try folder.bytes("r.pdf").starts(with: Data("%PDF".utf8)))
    // A narrow window scrolls tables, not the page.
    #expect(try inspect("r.html", "--width", "360", in: folder).overflow == 0)

    #expect(
      try ToolRun("report", "grid.sqlite", "a.json", "b.json", "--title", "A <b> & c", "-o", "s.html", in: folder)
        .status == 0)
    #expect(try folder.bytes("r.html") == folder.bytes("s.html"))
  }

  /// The inspection itself sees what it is there for.
  @Test func theInspectionSeesWhatIsWrong() throws {
    let folder = try Folder()
    let page = """
      <!DOCTYPE html><html><head><title>t</title><link rel="stylesheet" href="http://example.invalid/a.css"></head>
      <body style="color: #999; background: #fff"><p id="x">a</p><p id="x">b</p><svg width="0" height="5"><use href="#none"/></svg>
      <script>console.error("said"); thrown();</script><div style="width: 5000px">w</div></body></html>
      """
    try folder.write(Data(page.utf8), to: "bad.html")
    let found = try inspect("bad.html", in: folder)
    #expect(found.repeated_ids == ["x"] && found.dangling == 1 && found.active >= 2 && found.overflow > 1000)
    #expect(found.svgs.first?.width == 0 && found.light.least < 4.5 && found.dark.ground == 1)
    #expect(found.requests == ["http://example.invalid/a.css"] && found.failures.count == 1)
    #expect(found.console.contains { $0.contains("said") } && found.console.count >= 2)
  }

  @Test func badInputIsNamed() throws {
    let folder = try Folder()
    try folder.write(Data(Self.specification.utf8), to: "grid.toml")
    #expect(try ToolRun("sweep", "grid.toml", "--store", "s", in: folder).status == 0)
    try ToolRun("report", "s", "-o", "r.pdf", in: folder).expectBadInput("--output", ".html", "'r.pdf'")
    try ToolRun("report", "none", "-o", "r.html", in: folder).expectBadInput("none")
    try ToolRun("report", "s", "grid.toml", "-o", "r.html", in: folder).expectBadInput("grid.toml", "JSON")
    try ToolRun("report", "s", "--epsilon", "0", "-o", "r.html", in: folder).expectBadInput("--epsilon", "'0'")
    try ToolRun(["report", "s", "-o", "r.html"], in: folder, environment: ["PATH": folder.path])
      .expectBadInput("gnuplot", "apt-get install gnuplot-nox")
    #expect(!folder.exists("r.html"))
    try folder.write(Data("kept".utf8), to: "r.html")
    try ToolRun("report", "s", "-o", "r.html", in: folder).expectBadInput("r.html", "--force")
    #expect(try folder.bytes("r.html") == Data("kept".utf8))
  }
}
