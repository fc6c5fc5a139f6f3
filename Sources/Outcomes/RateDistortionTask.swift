import Experiments
import Foundation
import Pruning
import RunControl
import Tickets

/// What coded vectors lose at numbers of bits, over seeds.
package struct RateDistortionTask {
  /// What is coded.
  private struct Source {
    let name: String
    let dimension: Int
    /// The vectors of a seed.
    let vectors: (UInt64) -> [[Double]]
  }

  private let sources: [Source]
  private let rates: [Double]
  private let seeds: [UInt64]
  private let count: Int
  private let beam: Int

  /// Entries of random vectors in a file, about, where nobody says how many.
  package static let defaultEntries = 4608

  /// - Parameters:
  ///   - dimensions: entries of random vectors.
  ///   - rates: bits an entry.
  ///   - seeds: those of random vectors and of random layers.
  ///   - count: filters for each vector; nil for the default.
  ///   - entries: those that a file of random vectors codes, about; nil for the default.
  ///   - beam: partial subsets kept; nil for the default.
  ///   - targets: trained networks by their files' names, whose kernels are coded, a vector an
  ///     input channel.
  /// - Throws: `OptionError` for numbers out of range, and for networks whose kernels are all 0.
  package init(
    dimensions: [Int], rates: [Double], seeds: [UInt64], count: Int?, entries: Int?, beam: Int?,
    targets: [(name: String, target: Target)]
  ) throws(OptionError) {
    let (count, entries) = (count ?? VectorTask.defaultCount, entries ?? Self.defaultEntries)
    guard (1...VectorEncoder.greatestWidth).contains(count), (1...1 << 24).contains(entries) else {
      throw OptionError(
        option: "--count and --entries", expected: "1 to 2^25 and 1 to 2^24", found: "\(count) and \(entries)")
    }
    guard dimensions.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw OptionError(option: "--dimensions", expected: "numbers of 1 to 2^20", found: "\(dimensions)")
    }
    guard rates.allSatisfy({ (0.1...32).contains($0) }) else {
      throw OptionError(option: "--rates", expected: "numbers of 0.1 to 32", found: "\(rates)")
    }
    guard !rates.isEmpty, !seeds.isEmpty, !(dimensions.isEmpty && targets.isEmpty) else {
      throw OptionError(option: "--rates, --seeds and --dimensions", expected: "one or more of each", found: "none")
    }
    (self.rates, self.seeds, self.count, self.beam) = (rates, seeds, count, beam ?? VectorTask.defaultBeam)
    sources = Self.random(dimensions, entries) + targets.flatMap { Self.kernels($0.name, $0.target) }
    guard !sources.isEmpty else {
      throw OptionError(
        option: "TARGET.onnx", expected: "a kernel of two or more input channels that is not 0", found: "none")
    }
  }

  private static func random(_ dimensions: [Int], _ entries: Int) -> [Source] {
    VectorEncoder.Law.allCases.flatMap { law in
      dimensions.map { m in
        let vectors = max(1, (entries + m / 2) / m)
        return Source(name: law.rawValue, dimension: m) { seed in
          (0..<vectors).map { law.vector(dimension: m, seed: seed, index: $0) }
        }
      }
    }
  }

  private static func kernels(_ file: String, _ target: Target) -> [Source] {
    let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    // A kernel of zeros has no error to compare with.
    return target.kernels.filter { $0.layer.inputChannels > 1 && $0.squares > 0 }.map { kernel in
      Source(name: "\(name) \(kernel.layer.name)", dimension: kernel.layer.sliceCount) { _ in
        (0..<kernel.layer.inputChannels).map { kernel.slice(ofChannel: $0).map { Double($0) } }
      }
    }
  }

  /// Codes and measures; a run that is stopped reports the cells that are finished.
  ///
  /// - Throws: as `VectorEncoder.code`, but for stops.
  package func run(workers: Int, _ control: RunControl) throws -> RateDistortionReport {
    var cells: [RateDistortion.Cell] = []
    do {
      for source in sources {
        for rate in rates {
          var samples: [RateDistortion.Sample] = []
          for seed in seeds {
            let vectors = source.vectors(seed)
            let encoder = VectorEncoder(seed: seed, width: count, beam: beam, workers: workers)
            let (code, stop) = try encoder.code(vectors, bits: rate, control: control)
            if let stop { throw Interruption(reason: stop) }
            let measure = try VectorMeasure(of: vectors, coded: code.encoded())
            samples.append(.init(bits: measure.fileBits, error: measure.relativeError))
          }
          cells.append(try .init(source: source.name, dimension: source.dimension, asked: rate, samples: samples))
          control.report(
            RunProgress(phase: source.name, completed: cells.count, total: sources.count * rates.count))
        }
      }
      return RateDistortionReport(cells: cells, stop: nil)
    } catch let interruption as Interruption {
      return RateDistortionReport(cells: cells, stop: interruption.reason)
    }
  }
}

/// Measured cells, as `--json` prints them: a list.
package struct RateDistortionReport: Encodable {
  package let cells: [RateDistortion.Cell]
  /// Why there are no more; nil where there are all.
  package let stop: StopReason?

  package func encode(to encoder: any Encoder) throws { try cells.map(Row.init).encode(to: encoder) }

  /// A line for each cell.
  package var text: String {
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
