import Foundation
import Pruning
import RunControl
import Tickets

/// A code of vectors: of all files of so many bits an entry that keep filters of a random layer,
/// one close to them.
package struct VectorTask {
  private let bits: Double
  private let encoder: VectorEncoder

  /// Filters of the sign that counts, where nobody says how many.
  package static let defaultCount = 1 << 16
  /// Partial subsets kept where nobody says how many.
  package static let defaultBeam = RateSearch.defaultBeam

  /// - Parameters:
  ///   - count: filters for each vector; nil for the default.
  ///   - beam: partial subsets kept; nil for the default.
  /// - Throws: `OptionError` for a count that no layer has, and for bits and beams out of range.
  package init(bits: Double, seed: UInt64, count: Int?, beam: Int?, workers: Int) throws(OptionError) {
    let count = count ?? Self.defaultCount
    guard (1...VectorEncoder.greatestWidth).contains(count) else {
      throw OptionError(option: "--count", expected: "1 to 2^25", found: "\(count)")
    }
    guard bits > 0, bits <= VectorEncoder.greatestBits else {
      throw OptionError(option: "--bits", expected: "a number above 0, at most 64", found: "\(bits)")
    }
    self.bits = bits
    encoder = VectorEncoder(seed: seed, width: count, beam: beam ?? Self.defaultBeam, workers: workers)
  }

  /// Codes vectors, and measures what the file's bytes give again; a run that is stopped gives its
  /// best so far.
  ///
  /// - Throws: as `VectorEncoder.code`.
  package func run(_ vectors: [[Double]], _ control: RunControl) throws -> (bytes: [UInt8], report: VectorReport) {
    let began = ContinuousClock.now
    let (code, stop) = try encoder.code(vectors, bits: bits, control: control)
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let bytes = try code.encoded()
    let measured = try VectorMeasure(of: vectors, coded: bytes)
    return (bytes, VectorReport(measured, asked: bits, count: encoder.width, seconds: seconds, stop: stop))
  }

  /// Random vectors of a law by its name.
  ///
  /// - Throws: `OptionError` for sizes out of range and for a law that there is not.
  package static func generated(
    dimension: Int, vectors: Int, law: String?, seed: UInt64
  ) throws(OptionError) -> [[Double]] {
    guard (1...1 << 20).contains(dimension) else {
      throw OptionError(option: "--dimension", expected: "1 to 2^20", found: "\(dimension)")
    }
    guard (1...1 << 16).contains(vectors) else {
      throw OptionError(option: "--vectors", expected: "1 to 65536", found: "\(vectors)")
    }
    guard dimension * vectors <= 1 << 24 else {
      throw OptionError(
        option: "--dimension and --vectors", expected: "at most 2^24 entries in all",
        found: "\(dimension) · \(vectors)")
    }
    let name = law ?? VectorEncoder.Law.gaussian.rawValue
    guard let law = VectorEncoder.Law(rawValue: name) else {
      throw OptionError(
        option: "--law", expected: VectorEncoder.Law.allCases.map(\.rawValue).joined(separator: " or "),
        found: "'\(name)'")
    }
    return (0..<vectors).map { law.vector(dimension: dimension, seed: seed, index: $0) }
  }
}

/// The figures of coded vectors; the JSON keys are a contract.
package struct VectorReport: Encodable {
  let measured: VectorMeasure
  let asked: Double
  let count: Int
  let seconds: Double
  /// Why the search stopped before its end; nil where it did not.
  package let stop: StopReason?

  fileprivate init(_ measured: VectorMeasure, asked: Double, count: Int, seconds: Double, stop: StopReason?) {
    self.measured = measured
    self.asked = asked
    self.count = count
    self.seconds = seconds
    self.stop = stop
  }

  private enum Key: String, CodingKey {
    case vectors, dimension, count, bits, seconds
    case relativeError = "relative_error"
    case countedBits = "bits_per_entry"
    case fileBits = "file_bits_per_entry"
    case fileBytes = "file_bytes"
    case keptFilters = "kept_filters"
    case shannon
  }

  package func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(measured.vectors, forKey: .vectors)
    try json.encode(measured.dimension, forKey: .dimension)
    try json.encode(count, forKey: .count)
    try json.encode(asked, forKey: .bits)
    try json.encode(measured.relativeError, forKey: .relativeError)
    try json.encode(measured.countedBits, forKey: .countedBits)
    try json.encode(measured.fileBits, forKey: .fileBits)
    try json.encode(measured.fileBytes, forKey: .fileBytes)
    try json.encode(measured.keptFilters, forKey: .keptFilters)
    try json.encode(measured.shannon, forKey: .shannon)
    try json.encode(seconds, forKey: .seconds)
  }

  package var text: String {
    func line(_ name: String, _ value: String, _ note: String = "") -> String {
      let start = "  " + name.padding(toLength: 20, withPad: " ", startingAt: 0)
      return note.isEmpty ? start + value : start + value.padding(toLength: 10, withPad: " ", startingAt: 0) + note
    }
    return [
      "\(measured.vectors) vectors of \(measured.dimension) entries, \(count) filters each, at most \(asked) bits an entry",
      line(
        "mean squared error", FigureReport.short(measured.relativeError),
        "of the vectors' own mean square, made again from the file's bytes"),
      line("Shannon's bound", FigureReport.short(measured.shannon), "2^(-2R) at the file's bits: Gaussian entries"),
      line("bits an entry", FigureReport.short(measured.fileBits), "of the file, \(measured.fileBytes) bytes"),
      line("counted", FigureReport.short(measured.countedBits), "log2 of the choices of as many filters"),
      line("filters kept", "\(measured.keptFilters)"),
      line("seconds", FigureReport.short(seconds)),
    ].joined(separator: "\n")
  }
}
