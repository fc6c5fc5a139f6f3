import ArgumentParser
import Experiments
import Foundation

/// `tombola merge`: one store of several.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Make one result store of several of the same specification.",
    discussion: "Trials that several stores have must agree to the last bit. Runs and timings of all are kept.")

  @Argument(help: ArgumentHelp("The store to write.", valueName: "OUT")) var output: String
  @Argument(help: ArgumentHelp("The stores to merge.", valueName: "IN")) var inputs: [String]
  @Flag(help: "Replace an existing output.") var force = false

  func run() throws {
    try OutputFiles.requireDistinct([.file("OUT", output)], from: [.files("IN", inputs)])
    let outcome = try StoreMerge.merge(inputs, into: output, force: force)
    let twice = outcome.duplicates == 0 ? "" : ", \(outcome.duplicates) in more than one store"
    print(
      "\(output): \(outcome.trials) of \(outcome.total) trials, from \(inputs.count) store\(inputs.count == 1 ? "" : "s")\(twice)"
    )
  }
}
