import ArgumentParser
import Experiments
import Foundation
import Outcomes

/// `tombola bounds`: how wide theory says a random network must be.
struct BoundsCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "bounds", abstract: "Tabulate sufficient and necessary widths, published and derived.",
    discussion: """
      For one layer of a target: D×D kernels, C input and C' output channels, one of L layers, to be approximated within E. \
      Constants that a theorem leaves open are taken as 1 and said to be unknown.
      """)

  @Option(number: ArgumentHelp("The kernel's side.", valueName: "D")) var kernel: Int
  @Option(number: ArgumentHelp("Input channels of the layer.", valueName: "C")) var channelsIn: Int
  @Option(number: ArgumentHelp("Output channels of the layer.", valueName: "C'")) var channelsOut: Int
  @Option(number: ArgumentHelp("Layers of the target.", valueName: "L")) var layers: Int
  @Option(number: ArgumentHelp("Wanted accuracy, between 0 and 1.", valueName: "E")) var epsilon: Double
  @Option(number: ArgumentHelp("Probability of failure (default: E, as in the theorem).", valueName: "P"))
  var delta: Double?
  @Option(number: ArgumentHelp("Add what this width N can reach.", valueName: "N")) var count: Int?
  @Option(
    help: ArgumentHelp("Add what the trials of a sweep's store say; may be repeated.", valueName: "STORE"))
  var store: [String] = []
  @Flag(help: "Print as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let question = try BoundsQuestion(
      kernel: kernel, channelsIn: channelsIn, channelsOut: channelsOut, layers: layers, epsilon: epsilon,
      delta: delta, count: count)
    let measured = try store.flatMap { path in
      let name = URL(fileURLWithPath: path).lastPathComponent
      return try WidthBound.measured(in: try ResultStore(reading: path), name: name, for: question)
    }
    let table = BoundTable(question, measured: measured)
    let report = BoundsReport(table: table)
    if json { try printJSON(report) } else { print(report.text) }
  }
}
