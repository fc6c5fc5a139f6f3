import ArgumentParser
import Foundation
import LinearAlgebra
import RandomStreams

/// `make bench`: one row per operation, shape, type and threads, beside the machine's own limits.
@main struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure Tombola's building blocks against the machine's peak and bare GEMM.",
    subcommands: [Serve.self])

  @Option(help: "Rounds of each measurement; the bodies compared take turns in each.") var rounds = 9
  @Option(help: "Least seconds of a sample.") var sample = 0.02
  @Flag(help: "Leave out batches of 64 images.") var quick = false
  @Option(help: "Only operations whose name contains this.") var only: String?
  @Option(help: "Seconds between turns on threads of two kinds.") var pause = 0.2
  @Option(help: "Calls that searches make, as make bench-shapes records them: their shapes are timed.")
  var recorded = "bench/shapes/recorded.json"
  @Option(help: "Searches recorded just now, for the summary.") var searches: String?
  @Option(name: .shortAndLong, help: "Write the report as JSON too.") var output: String?
  @OptionGroup var blas: BLASCoreOption

  private struct Report: Encodable {
    let machine: Machine
    let summary: [Summary.Line]
    let rows: [Row]
    let searches: RecordedSearches?
    let recordedAt: String?
  }

  func validate() throws {
    guard rounds >= 1, sample > 0, sample.isFinite, pause >= 0, pause < 60 else {
      throw ValidationError(
        "expected rounds from 1, a sample above 0 s and a pause from 0 s, found \(rounds), \(sample) and \(pause)")
    }
  }

  func run() throws {
    try blas.apply()
    let timing = Timing(rounds: rounds, sampleSeconds: sample, pauseSeconds: pause)
    let searches = try searches.map { try RecordedSearches(contentsOf: $0) }
    func isWanted(_ operation: String) -> Bool { only.map { operation.contains($0) } ?? true }
    let recorded = isWanted("recorded") ? try RecordedSearches(contentsOf: recorded) : nil
    let machine = try Machine(timing: timing)
    var rows: [Row] = []
    // The table comes when all is measured, its summary first; until then each row is shown as it
    // comes where somebody watches.
    let isWatched = isatty(STDERR_FILENO) == 1
    func show(_ text: String) { if isWatched { FileHandle.standardError.write(Data((text + "\n").utf8)) } }
    show(Row.header)
    func add(_ operation: String, _ body: () throws -> [Row]) throws {
      guard isWanted(operation) else { return }
      for row in try body() {
        show(row.text)
        rows.append(row)
      }
    }
    let gemm = GEMMBench(timing: timing, machine: machine)
    for threads in Set([1, machine.cores]).sorted() {
      try add("gemm") { try gemm.rows(Float.self, threads: threads) }
      try add("gemm") { try gemm.rows(Double.self, threads: threads) }
    }
    if let recorded {
      try add("recorded") {
        try RecordedBench(timing: timing, machine: machine, searches: recorded).rows()
      }
    }
    let convolution = ConvolutionBench(timing: timing, machine: machine)
    for (batch, threads) in [(1, 1), (1, machine.cores), (64, 1), (64, machine.cores)] {
      for layer in LayerShape.table where !quick || batch == 1 {
        try add("conv " + layer.name) { try convolution.rows(layer, batch: batch, threads: threads) }
      }
    }
    let memory = MemoryBench(timing: timing)
    try add("im2col") { try memory.im2col() }
    try add("blocked 1×1") { try memory.blocked() }
    let factorisations = FactorisationBench(timing: timing, machine: machine)
    for threads in Set([1, machine.cores]).sorted() {
      try add("lapack") { try factorisations.rows(Float.self, threads: threads) }
      try add("lapack") { try factorisations.rows(Double.self, threads: threads) }
    }
    try add("scoring") { try ScoringBench(timing: timing).rows() }
    try add("normals") { [try normals(timing)] }
    let summary = Summary(of: rows, searches: searches, peak: machine.peakFloat[0])
    print(machine.text)
    print("\n\(summary.text)\n")
    print(Row.header)
    for row in rows { print(row.text) }
    print(Row.explanation)
    if let output {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      let report = Report(
        machine: machine, summary: summary.lines, rows: rows, searches: searches, recordedAt: recorded?.commit)
      try encoder.encode(report).write(to: URL(fileURLWithPath: output), options: .atomic)
      print("written to \(output)")
    }
    if rows.contains(where: { $0.passes == false }) { throw ExitCode(1) }
  }

  /// Normals of a long stream, in 10⁹ a second; no operations of GEMM's kind, so no percentage.
  private func normals(_ timing: Timing) throws -> Row {
    var values = [Float](repeating: 0, count: 1 << 16)
    let seconds = try timing.alternate([
      { values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: 1)) } }
    ])[0]
    let rates = seconds.map { Double(values.count) / $0 / 1e9 }
    return Row(
      operation: "normals", shape: "\(values.count) numbers", type: "Float", threads: 1, unit: "10⁹/s",
      median: Row.Quartiles(of: rates).median, best: rates.max()!)
  }
}

/// OpenBLAS's kernels for a run.
struct BLASCoreOption: ParsableArguments {
  @Option(help: "OpenBLAS's kernels: best, or a core's name; or set TOMBOLA_BLAS_CORE.")
  var blasCore: String?

  func apply() throws {
    guard let blasCore = blasCore ?? ProcessInfo.processInfo.environment["TOMBOLA_BLAS_CORE"], !blasCore.isEmpty else {
      return
    }
    let cores = try BLASCores()
    if blasCore == "best" { try cores.useBest() } else { try cores.use(blasCore) }
  }
}
