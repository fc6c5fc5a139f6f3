import ArgumentParser
import Experiments
import Outcomes

/// `tombola report`: results as one HTML page.
struct ReportCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write sweeps and tickets as one HTML page that needs no other file.",
    discussion: """
      Of a store: its specification, who computed what and when, a table of the cells, thresholds, and the plots of all kinds. Of tickets: their figures, their \
      layers, and plots. The same results give the same bytes. Needs gnuplot.
      """)

  @Argument(help: ArgumentHelp("Stores of sweep or merge, and files that prune --json printed.", valueName: "FILE"))
  var files: [String]
  @Option(help: ArgumentHelp("The page's title (default: names the files).", valueName: "TEXT")) var title: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Count successes for these errors instead of the specifications'.", valueName: "E,E…"))
  var epsilon: String?
  @Flag(help: "Replace an existing output.") var force = false
  @Option(name: .shortAndLong, help: ArgumentHelp("The page to write: .html.", valueName: "FILE")) var output: String
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    guard output.lowercased().hasSuffix(".html") else {
      throw OptionError(option: "--output", expected: "a name that ends in .html", found: "'\(output)'")
    }
    try OutputFiles.requireDistinct([.file("--output", output)], from: [.files("FILE", files)])
    let results = try files.map { try ResultFile(contentsOf: $0) }
    let report = try Report(results, title: title, epsilons: try epsilon.map { try SweepChoice.epsilons($0) })
    let page = try report.write(to: output, force: force)
    let stores = results.count { if case .store = $0 { true } else { false } }
    func words(_ count: Int, _ name: String) -> String { "\(count) \(name)\(count == 1 ? "" : "s")" }
    print(
      "\(output): \(words(stores, "store")), \(words(results.count - stores, "ticket")), \(words(page.charts, "plot"))")
  }
}
