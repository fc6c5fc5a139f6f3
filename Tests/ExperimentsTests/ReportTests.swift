import Experiments
import Foundation
import RunControl
import SubsetSum
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A page's text and elements, by an XML parser.
private final class PageReader: NSObject, XMLParserDelegate {
  private(set) var counts: [String: Int] = [:]
  private(set) var ids: [String] = []
  /// The text of each table cell, item, heading, paragraph, preformatted text and caption.
  private(set) var texts: [String] = []
  private var text = ""

  init(_ html: String) throws {
    super.init()
    let parser = XMLParser(data: Data(html.utf8))
    parser.delegate = self
    #expect(parser.parse(), "line \(parser.lineNumber): \(String(describing: parser.parserError))")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
    if let id = attributes["id"] { ids.append(id) }
    text = ""
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    if ["td", "th", "li", "h1", "h2", "h3", "p", "pre", "caption", "title"].contains(name) { texts.append(text) }
  }
}

/// A law whose name is markup.
private struct MarkedLaw: CandidateLaw {
  static let markup = "<script>alert('x')</script> & \"q\" <img src=x onerror=y>"
  let name = markup
  let deviation: Double? = 1
  func fill(_ rows: UnsafeMutableBufferPointer<Double>, dimension m: Int, at address: TrialAddress) {
    StandardCandidates.normal.fill(rows, dimension: m, at: address)
  }
}

/// Pages as markup: well formed, escaped, whole, and the same each time.
@Suite(.enabled(if: ChartTests.hasGnuplot, "needs gnuplot")) struct ReportTests {
  private func ticket(_ source: String, seed: String = "1", accuracy: Double? = 0.5) throws -> TicketFigures {
    var fields: [String: Any] = [
      "width": 100, "seed": seed, "mode": "weights", "target_accuracy": 0.9, "complete": true, "empty_set_error": 4.5,
      "target": "</td><script>1</script>", "kept_filters": 12, "total_filters": 400, "max_weight_error": 0.25,
      "bits_per_weight": 7.25, "seconds": 1.5, "certificate_reason": "no <box>", "certified_error": NSNull(),
      "blocks": [
        ["layer": 1, "channel": 0, "half": "positive", "candidates": 100, "kept": 5, "error": 0.25],
        ["layer": 2, "channel": 0, "half": "negative", "candidates": 99, "kept": 7, "error": 0.125],
      ],
    ]
    fields["ticket_accuracy"] = accuracy ?? NSNull()
    return try TicketFigures(try JSONSerialization.data(withJSONObject: fields), source: source)
  }

  private func store(_ folder: StoreFolder, _ specification: SweepSpecification) throws -> ResultStore {
    try Sweep(specification, source: "# </pre><script>alert(1)</script>\n").run(
      storingIn: folder.file("s"), provenance: Provenance(program: "<b>program</b>", commit: "abc<!--"))
    return try ResultStore(reading: folder.file("s"))
  }

  @Test func namesAndTextsAreOnlyShown() throws {
    let folder = try StoreFolder()
    let specification = try SweepSpecification(
      dimensions: [1, 2], counts: [3, 6, 9], epsilons: [0.3, 0.1], candidates: [MarkedLaw(), StandardCandidates.nsn],
      trials: 30, seed: 1)
    let results = [
      ResultFile.store(try store(folder, specification)), .ticket(try ticket("<i>a</i>.json")),
      .ticket(try ticket("b.json", seed: "2")),
    ]
    let report = try Report(results, title: "<title>&\u{202E}")
    let page = try report.page()
    let reader = try PageReader(page.html)
    for element in ["script", "img", "b", "i", "link", "iframe", "object", "embed", "base", "form", "a"] {
      #expect(reader.counts[element] == nil, "\(element)")
    }
    #expect(!page.html.lowercased().contains("<script"))
    #expect(reader.texts.contains("<title>&\u{FFFD}"))
    let law = MarkedLaw.markup.replacingOccurrences(of: "\u{1}", with: "\u{FFFD}")
    for text in [
      law, "<b>program</b>", "abc<!--", "# </pre><script>alert(1)</script>\n", "<i>a</i>.json",
      "</td><script>1</script>", "<i>a</i>.json: not certified, no <box>",
    ] {
      #expect(reader.texts.contains(text), "\(text)")
    }
    // A store's runs, thresholds and cells; searches, tickets and their layers. 2 laws, 2
    // dimensions, 3 counts, 2 ε.
    #expect(reader.counts["table"] == 6 && reader.counts["tbody"] == 6)
    #expect(reader.counts["tr"] == 6 + 1 + 8 + 24 + 2 + 2 + 4)
    // Success, error, threshold; accuracy, size, layers, and filters twice.
    #expect(page.charts == 8 && reader.counts["svg"] == 8 && reader.counts["figure"] == 8)
    #expect(Set(reader.ids).count == reader.ids.count && reader.ids.count > 8)
    #expect(try report.page() == page)
  }

  @Test func cellsAndRunsAreThoseOfTheStore() throws {
    let folder = try StoreFolder()
    let store = try store(folder, try variedSpecification())
    let reader = try PageReader(try Report([.store(store)]).page().html)
    let run = try #require(try store.runs().first)
    for text in [
      run.program, run.machine, run.cpu, run.blas, run.blasCore, run.started, try #require(run.ended), run.shard,
      "\(run.threads)", String(format: "%.3f", run.seconds), store.specification, "Report on s", "Sweep \(store.path)",
    ] {
      #expect(reader.texts.contains(text), "\(text)")
    }
    for summary in try CellSummary.all(of: store) {
      #expect(reader.texts.contains(String(format: "%.4g", summary.medianError!)))
      for outcome in summary.outcomes {
        #expect(reader.texts.contains(String(format: "%.4f", outcome.fraction!)))
        let interval = outcome.interval!
        #expect(reader.texts.contains(String(format: "%.4f to %.4f", interval.low, interval.high)))
      }
    }
    let others = try PageReader(try Report([.store(store)], epsilons: [0.4321]).page().html)
    #expect(others.texts.contains("0.4321") && !reader.texts.contains("0.4321"))
  }

  @Test func whatCannotBeDrawnIsSaid() throws {
    let folder = try StoreFolder()
    let bare = try store(folder, try SweepSpecification(dimensions: [1], counts: [4], trials: 3, seed: 1))
    let tickets = [try ticket("a", accuracy: nil), try ticket("b", seed: "2", accuracy: nil)]
    let page = try Report([.store(bare)] + tickets.map { .ticket($0) }).page()
    let reader = try PageReader(page.html)
    #expect(reader.texts.contains { $0.hasPrefix("Not drawn: plot of success: expected at least one epsilon") })
    #expect(reader.texts.contains { $0.hasPrefix("Not drawn: accuracy: ") && $0.contains("ticket_accuracy") })
    #expect(throws: ExperimentError.self) { try Report([]) }
  }
}
