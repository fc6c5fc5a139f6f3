import ArgumentParser
import Files
import Foundation
import ModelFiles
import Outcomes
import Pruning
import RunControl
import Tickets

/// Options of `solve --bits`.
struct BitsOptions: ParsableArguments {
  @Option(
    number: ArgumentHelp(
      "Code targets instead: of all files of B bits an entry that keep filters of a random layer, one close to them.",
      valueName: "B")) var bits: Double?
  @Option(number: ArgumentHelp("With --bits: generated targets (default: 1).", valueName: "T")) var vectors: Int?
  @Option(
    help: ArgumentHelp(
      "With --bits: law of generated targets, \(VectorEncoder.Law.allCases.map(\.rawValue).joined(separator: " or ")) (default: gaussian).",
      valueName: "LAW")) var law: String?
  @Option(number: ArgumentHelp("With --bits: partial subsets kept (default: 64).", valueName: "COUNT")) var beam: Int?
  @Option(
    help: ArgumentHelp("With --bits: write the coded file, from which the vectors are made again.", valueName: "FILE"))
  var code: String?

  /// Filters of the sign that counts, where `--count` does not say.
  static let defaultCount = 1 << 16

  /// - Throws: `OptionError` for options that need `--bits`.
  func requireBits() throws {
    let given = [
      ("--vectors", vectors != nil), ("--law", law != nil), ("--beam", beam != nil), ("--code", code != nil),
    ]
    if bits == nil, let (option, _) = given.first(where: { $0.1 }) {
      throw OptionError(option: option, expected: "--bits B beside it", found: "none")
    }
  }

  /// The vectors to code: those of a file, or generated ones.
  func targets(path: String?, dimension: Int?, seed: UInt64) throws -> [[Double]] {
    if let path {
      for (option, isGiven) in [
        ("--dimension", dimension != nil), ("--vectors", vectors != nil), ("--law", law != nil),
      ]
      where isGiven {
        throw OptionError(option: option, expected: "no PROBLEM.npz beside it", found: "'\(path)'")
      }
      return try ProblemFile(contentsOf: path).targets
    }
    guard let dimension else {
      throw OptionError(option: "--bits", expected: "PROBLEM.npz or --dimension M beside it", found: "neither")
    }
    guard (1...1 << 20).contains(dimension) else {
      throw OptionError(option: "--dimension", expected: "1 to 2^20", found: "\(dimension)")
    }
    let count = vectors ?? 1
    guard (1...1 << 16).contains(count) else {
      throw OptionError(option: "--vectors", expected: "1 to 65536", found: "\(count)")
    }
    let name = law ?? VectorEncoder.Law.gaussian.rawValue
    guard let law = VectorEncoder.Law(rawValue: name) else {
      throw OptionError(
        option: "--law", expected: VectorEncoder.Law.allCases.map(\.rawValue).joined(separator: " or "),
        found: "'\(name)'")
    }
    return (0..<count).map { law.vector(dimension: dimension, seed: seed, index: $0) }
  }
}

extension SolveCommand {
  /// `solve --bits`: a code of the targets, read back from its bytes before anything is printed.
  func code(bits: Double, _ control: RunControl) throws -> VectorReport {
    let given = [
      ("--norm", norm != "max"), ("--size", size != nil), ("--solver", solver != nil), ("--decide", decide),
      ("--all", all), ("--by-size", bySize), ("--epsilon", reach.epsilon != nil), ("--max-subsets", maxSubsets != nil),
      ("--work-limit", workLimit != nil), ("--save", save != nil),
    ]
    if let (option, _) = given.first(where: { $0.1 }) {
      throw OptionError(option: option, expected: "no --bits beside it", found: "--bits \(bits)")
    }
    guard let seed else { throw OptionError(option: "--bits", expected: "--seed S beside it", found: "none") }
    let targets = try budget.targets(path: problem, dimension: dimension, seed: seed)
    if let code = budget.code { try AtomicFile.check(code, force: force) }
    let count = count ?? BitsOptions.defaultCount
    guard (1...RandomNetwork.largestWidth).contains(count) else {
      throw OptionError(option: "--count", expected: "1 to 2^30", found: "\(count)")
    }
    let encoder = VectorEncoder(
      seed: seed, width: count, beam: budget.beam ?? 64, workers: try bounds.workers())
    let began = ContinuousClock.now
    let code = try encoder.code(targets, bits: bits, control: control)
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let bytes = try code.encoded()
    let measured = try VectorMeasure(of: targets, coded: bytes)
    if let path = budget.code { try AtomicFile.write(Data(bytes), to: path, force: force) }
    return VectorReport(measured, asked: bits, count: count, seconds: seconds)
  }
}

/// The figures of coded vectors; the JSON keys are a contract.
struct VectorReport: Encodable {
  let measured: VectorMeasure
  let asked: Double
  let count: Int
  let seconds: Double

  init(_ measured: VectorMeasure, asked: Double, count: Int, seconds: Double) {
    self.measured = measured
    self.asked = asked
    self.count = count
    self.seconds = seconds
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

  func encode(to encoder: any Encoder) throws {
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

  var text: String {
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
