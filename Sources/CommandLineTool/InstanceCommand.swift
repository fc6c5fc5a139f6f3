import ArgumentParser
import Files
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import Pruning
import RunControl
import SubsetSum
import Tickets

/// `tombola instance`: writes one block of a search as a problem for other solvers.
struct InstanceCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "instance", abstract: "Write one block of a search as PROBLEM.npz, for any solver.",
    discussion: """
      The file has candidates, scales and target as `tombola solve` reads them, and beside them the filter index of \
      each candidate. In calibrated mode the blocks before it are chosen first, and vectors and target are in the \
      geometry that the calibration images give: errors in ‖·‖₂ are what the search minimises.
      """)

  @OptionGroup var input: SearchInput
  @Option(number: ArgumentHelp("Width N: 2N random filters per input channel.", valueName: "N")) var width: Int
  @Option(number: ArgumentHelp("The layer, from 1.", valueName: "L")) var layer: Int
  @Option(number: ArgumentHelp("The layer's input channel, from 0.", valueName: "C")) var channel: Int
  @Option(help: ArgumentHelp("positive or negative, the sign of the filters' scalars.", valueName: "HALF"))
  var half = Half.positive.rawValue
  @OptionGroup var data: ScaleOptions
  @OptionGroup var bounds: RunOptions
  @Flag(help: "Replace an existing output.") var force = false
  @Option(name: .shortAndLong, help: ArgumentHelp("The problem to write.", valueName: "PROBLEM.npz")) var output: String
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    guard let half = Half(rawValue: half) else {
      throw OptionError(
        option: "--half", expected: Half.allCases.map(\.rawValue).joined(separator: " or "), found: "'\(half)'")
    }
    try OutputFiles.requireDistinct([.file("--output", output)], from: input.files)
    try AtomicFile.check(output, force: force)
    let search = try input.source(scale: data.scale).search(width: width)
    let workers = try bounds.workers()
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(limits: try bounds.limits(), cancellation: signals.cancellation) { progress.show($0) }
    let address = BlockAddress(layer: layer, channel: channel, half: half)
    guard let instance = try search.instance(of: address, workers: workers, control: control) else {
      progress.clear()
      complain("tombola: stopped before the block was reached: nothing is written")
      return try finish(signals.exit ?? .limit)
    }
    progress.clear()
    let problem = instance.problem
    guard case .factored(let scales, let vectors) = problem.candidates.storage else {
      preconditionFailure("a block's candidates are factored")
    }
    try ProblemFile.write(
      scales: scales, vectors: vectors, target: problem.target, filters: instance.filters, to: output, force: force)
    print(
      "\(problem.count) candidates of dimension \(problem.dimension), scale \(search.scales[layer - 1]), in \(output)")
  }
}
