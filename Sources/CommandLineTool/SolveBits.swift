import ArgumentParser
import Files
import Foundation
import ModelFiles
import Outcomes
import Pruning
import RunControl

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
  @Option(number: ArgumentHelp("With --bits: partial subsets kept (default: 256).", valueName: "COUNT")) var beam: Int?
  @Option(
    help: ArgumentHelp("With --bits: write the coded file, from which the vectors are made again.", valueName: "FILE"))
  var code: String?

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
    return try VectorTask.generated(dimension: dimension, vectors: vectors ?? 1, law: law, seed: seed)
  }
}

extension SolveCommand {
  /// `solve --bits`: a code of the targets, read back from its bytes before anything is printed;
  /// one that was stopped is the best so far.
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
    let task = try VectorTask(bits: bits, seed: seed, count: count, beam: budget.beam, workers: try bounds.workers())
    let (bytes, report) = try task.run(targets, control)
    if let path = budget.code { try AtomicFile.write(Data(bytes), to: path, force: force) }
    return report
  }
}
