import ArgumentParser
import Experiments
import Files
import ModelFiles
import Outcomes
import RunControl
import Tickets

/// `tombola rate-distortion`: what coded vectors lose at a number of bits.
struct RateDistortionCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "rate-distortion",
    abstract: "Measure squared errors of vectors that are coded as kept filters, against bits.",
    discussion: """
      Vectors of Gaussian and of Laplacian numbers, of each dimension, and the kernels of trained networks, a vector an input channel, \
      are coded as 'solve --bits' does it, with each seed, and made again from the files' bytes. Errors are parts of the vectors' \
      squares; beside them are Shannon's bound for Gaussian numbers and published quantisers.
      """)

  @Argument(help: ArgumentHelp("Trained networks, ONNX files, whose kernels are coded.", valueName: "TARGET.onnx"))
  var targets: [String] = []
  @Option(help: ArgumentHelp("Entries of random vectors (default: 8,16,36,72,144,256).", valueName: "M,…"))
  var dimensions = "8,16,36,72,144,256"
  @Option(help: ArgumentHelp("Bits an entry (default: 2,3,4).", valueName: "B,…")) var rates = "2,3,4"
  @Option(help: ArgumentHelp("Seeds (default: 1,2,3,4,5).", valueName: "S,…")) var seeds = "1,2,3,4,5"
  @Option(number: ArgumentHelp("Filters for each vector (default: 65536).", valueName: "N"))
  var count: Int?
  @Option(number: ArgumentHelp("Entries that a file of random vectors codes, about (default: 4608).", valueName: "E"))
  var entries: Int?
  @Option(number: ArgumentHelp("Partial subsets kept (default: 256).", valueName: "COUNT")) var beam: Int?
  @OptionGroup var pace: PaceOptions
  @Flag(help: "Replace an existing output.") var force = false
  @Option(name: .shortAndLong, help: ArgumentHelp("A picture to draw: .svg or .png.", valueName: "FILE"))
  var output: String?
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    if let output {
      _ = try PlotFormat(path: output)
      try OutputFiles.requireDistinct([.file("--output", output)], from: [.files("TARGET.onnx", targets)])
      try AtomicFile.check(output, force: force)
    }
    let rates = try Self.list(self.rates, "--rates", 0.1...32) { Double($0) }
    let seeds = try Self.list(self.seeds, "--seeds", 0...UInt64.max) { UInt64($0) }
    let dimensions = try Self.list(self.dimensions, "--dimensions", 1...1 << 20) { Int($0) }
    let task = try RateDistortionTask(
      dimensions: dimensions, rates: rates, seeds: seeds, count: count, entries: entries, beam: beam,
      targets: targets.map { (name: $0, target: try Target(ONNXModel.network(fromFile: $0))) })
    let workers = try pace.workers()
    blas.warnIfSlow(json: json)
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(
      limits: Limits(seconds: try pace.seconds()), cancellation: signals.cancellation
    ) { progress.show($0) }
    let report = try task.run(workers: workers, control)
    progress.clear()
    if let output, !report.cells.isEmpty {
      try Gnuplot.draw(RateDistortion(report.cells).chart(), to: output, force: force)
    }
    if json { try printJSON(report) } else { print(report.text) }
    if let exit = signals.exit { return try finish(exit) }
    try finish(report.stop == nil ? .done : .limit)
  }

  /// Numbers parted by commas.
  private static func list<Number: Comparable>(
    _ text: String, _ option: String, _ range: ClosedRange<Number>, _ number: (String) -> Number?
  ) throws -> [Number] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let value = number(String(part)), range.contains(value) else {
        throw OptionError(
          option: option, expected: "numbers of \(range.lowerBound) to \(range.upperBound), parted by commas",
          found: "'\(text)'")
      }
      return value
    }
  }
}
