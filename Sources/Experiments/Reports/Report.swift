import Files
import Foundation

/// Results as one HTML page with tables and drawings, which needs no other file, no network and no
/// script.
///
/// The same results give the same bytes: nothing in it says when or where it was made. Names and
/// texts of files are escaped, and the page's own policy forbids scripts and loads of any kind.
public struct Report: Sendable {
  /// The page's title.
  public let title: String
  /// What the page shows, in this order.
  public let results: [ResultFile]
  /// Errors to count successes for instead of each specification's.
  public let epsilons: [Double]?

  /// A report on results, at least one.
  ///
  /// - Parameters:
  ///   - results: Stores and tickets, in the order of the page.
  ///   - title: By default names the files.
  ///   - epsilons: Errors to count successes for instead of each specification's.
  /// - Throws: `ExperimentError.outOfRange` without results.
  public init(_ results: [ResultFile], title: String? = nil, epsilons: [Double]? = nil) throws(ExperimentError) {
    guard !results.isEmpty else {
      throw .outOfRange(quantity: "report", expected: "at least one store or ticket", found: "none")
    }
    self.results = results
    self.epsilons = epsilons
    let names = results.map { ($0.source as NSString).lastPathComponent }
    let more = names.count > 3 ? " and \(names.count - 3) more" : ""
    self.title = title ?? "Report on \(names.prefix(3).joined(separator: ", "))\(more)"
  }

  /// A page, and how many drawings it has.
  public struct Page: Sendable, Hashable {
    /// The page: HTML that is XML as well.
    public let html: String
    /// Drawings in it.
    public let charts: Int
  }

  /// Makes the page: stores in their order, then all tickets together.
  ///
  /// - Complexity: a tenth of a second and more a drawing, about 1 µs a trial.
  ///
  /// - Throws: `StoreError` for a store that cannot be read; `ExperimentError.missingProgram` and
  ///   `programFailed` of `Gnuplot`.
  public func page() throws -> Page {
    var drawings = ReportDrawings()
    var body = HTMLText.heading(title, level: 1)
    var tickets: [TicketFigures] = []
    for result in results {
      switch result {
      case .store(let store):
        body += try StoreSection(store, epsilons: epsilons).html(&drawings)
      case .ticket(let ticket): tickets.append(ticket)
      }
    }
    if !tickets.isEmpty { body += try TicketSection(tickets).html(&drawings) }
    return Page(html: ReportPage.html(title: title, body: body), charts: drawings.count)
  }

  /// Makes the page and writes it, whole or not at all.
  ///
  /// - Throws: what `page` throws, and `FileError` for a path that cannot be written or, without
  ///   `force`, exists.
  public func write(to path: String, force: Bool) throws -> Page {
    try AtomicFile.check(path, force: force)
    let page = try page()
    try AtomicFile.write(Data(page.html.utf8), to: path, force: force)
    return page
  }
}

/// The drawings of a page, numbered.
struct ReportDrawings {
  private(set) var count = 0

  /// A chart as a figure.
  mutating func figure(_ chart: Chart) throws -> String {
    count += 1
    let picture = try Gnuplot.draw(GnuplotScript(chart, format: .svg))
    let label = "\(chart.title): \(chart.vertical.title) against \(chart.horizontal.title)"
    return "<figure>\(try InlineSVG.element(picture, prefix: "c\(count)-", label: label))</figure>\n"
  }
}

/// Numbers of tables.
enum ReportFigure {
  static let none = "–"

  static func short(_ value: Double?) -> String { value.map { String(format: "%.4g", $0) } ?? none }

  static func integer(_ value: Int?) -> String { value.map { "\($0)" } ?? none }

  /// Four digits behind the point.
  static func fraction(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? none }

  static func percent(_ value: Double?) -> String { value.map { String(format: "%.2f %%", 100 * $0) } ?? none }

  static func range(_ low: String, _ high: String) -> String { "\(low) to \(high)" }
}
