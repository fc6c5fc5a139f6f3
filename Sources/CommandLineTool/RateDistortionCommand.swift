import ArgumentParser
import Experiments
import Files
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import Pruning
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
  @Option(number: ArgumentHelp("Partial subsets kept (default: 64).", valueName: "COUNT")) var beam: Int?
  @OptionGroup var pace: PaceOptions
  @Flag(help: "Replace an existing output.") var force = false
  @Option(name: .shortAndLong, help: ArgumentHelp("A picture to draw: .svg or .png.", valueName: "FILE"))
  var output: String?
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  /// What is coded.
  private struct Source {
    let name: String
    let dimension: Int
    /// The vectors of a seed.
    let vectors: (UInt64) -> [[Double]]
  }

  func run() throws {
    if let output {
      _ = try PlotFormat(path: output)
      try OutputFiles.requireDistinct([.file("--output", output)], from: [.files("TARGET.onnx", targets)])
      try AtomicFile.check(output, force: force)
    }
    let (count, entries) = (count ?? BitsOptions.defaultCount, entries ?? 4608)
    guard (1...RandomNetwork.largestWidth).contains(count), (1...1 << 24).contains(entries) else {
      throw OptionError(
        option: "--count and --entries", expected: "1 to 2^30 and 1 to 2^24", found: "\(count) and \(entries)")
    }
    let rates = try Self.list(self.rates, "--rates", 0.1...32) { Double($0) }
    let seeds = try Self.list(self.seeds, "--seeds", 0...UInt64.max) { UInt64($0) }
    let sources = try sources(entries: entries)
    let workers = try pace.workers()
    blas.warnIfSlow(json: json)
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(
      limits: Limits(seconds: try pace.seconds()), cancellation: signals.cancellation
    ) { progress.show($0) }
    var cells: [RateDistortion.Cell] = []
    var stop: StopReason?
    do {
      for source in sources {
        for rate in rates {
          var samples: [RateDistortion.Sample] = []
          for seed in seeds {
            let vectors = source.vectors(seed)
            let encoder = VectorEncoder(seed: seed, width: count, beam: beam ?? 64, workers: workers)
            let code = try encoder.code(vectors, bits: rate, control: control)
            let measure = try VectorMeasure(of: vectors, coded: code.encoded())
            samples.append(.init(bits: measure.fileBits, error: measure.relativeError))
          }
          cells.append(try .init(source: source.name, dimension: source.dimension, asked: rate, samples: samples))
          control.report(
            RunProgress(phase: source.name, completed: cells.count, total: sources.count * rates.count))
        }
      }
    } catch let interruption as Interruption { stop = interruption.reason }
    progress.clear()
    let found = RateDistortion(cells)
    if let output, !cells.isEmpty { try Gnuplot.draw(found.chart(), to: output, force: force) }
    if json { try printJSON(cells.map(Row.init)) } else { print(Self.table(cells)) }
    if let exit = signals.exit { return try finish(exit) }
    try finish(stop == nil ? .done : .limit)
  }

  private func sources(entries: Int) throws -> [Source] {
    let dimensions = try Self.list(self.dimensions, "--dimensions", 1...1 << 20) { Int($0) }
    let random = VectorEncoder.Law.allCases.flatMap { law in
      dimensions.map { m in
        let vectors = max(1, (entries + m / 2) / m)
        return Source(name: law.rawValue, dimension: m) { seed in
          (0..<vectors).map { law.vector(dimension: m, seed: seed, index: $0) }
        }
      }
    }
    let kernels = try targets.flatMap { path in
      let target = try Target(ONNXModel.network(fromFile: path))
      let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      return target.kernels.filter { $0.layer.inputChannels > 1 }.map { kernel in
        Source(name: "\(name) \(kernel.layer.name)", dimension: kernel.layer.sliceCount) { _ in
          (0..<kernel.layer.inputChannels).map { kernel.slice(ofChannel: $0).map { Double($0) } }
        }
      }
    }
    return random + kernels
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

  private static func table(_ cells: [RateDistortion.Cell]) -> String {
    func row(_ fields: [String]) -> String {
      let widths = [34, 6, 8, 12, 24, 0]
      return zip(fields, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }.joined()
        .trimmingCharacters(in: .whitespaces)
    }
    let lines = cells.map { cell in
      row([
        cell.source, "\(cell.dimension)", FigureReport.short(cell.bits), FigureReport.short(cell.error),
        "\(FigureReport.short(cell.errors.lowerBound)) to \(FigureReport.short(cell.errors.upperBound))",
        String(format: "%.2f dB", cell.decibels),
      ])
    }
    return ([row(["vectors", "m", "bits", "error", "range over seeds", "above 2^(-2R)"])] + lines)
      .joined(separator: "\n")
  }

  /// A cell's figures; the JSON keys are a contract.
  private struct Row: Encodable {
    let cell: RateDistortion.Cell

    private enum Key: String, CodingKey {
      case source, dimension, bits, decibels, seeds, shannon
      case fileBits = "file_bits_per_entry"
      case error = "relative_error"
      case least = "least_relative_error"
      case greatest = "greatest_relative_error"
    }

    func encode(to encoder: any Encoder) throws {
      var json = encoder.container(keyedBy: Key.self)
      try json.encode(cell.source, forKey: .source)
      try json.encode(cell.dimension, forKey: .dimension)
      try json.encode(cell.asked, forKey: .bits)
      try json.encode(cell.bits, forKey: .fileBits)
      try json.encode(cell.error, forKey: .error)
      try json.encode(cell.errors.lowerBound, forKey: .least)
      try json.encode(cell.errors.upperBound, forKey: .greatest)
      try json.encode(RateDistortion.shannon(cell.bits), forKey: .shannon)
      try json.encode(cell.decibels, forKey: .decibels)
      try json.encode(cell.samples.count, forKey: .seeds)
    }
  }
}
