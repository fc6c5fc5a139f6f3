import Experiments
import Foundation
import SubsetSum

/// A temporary folder for stores.
final class StoreFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "tombola-stores-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// The trials of a store as CSV.
  func csv(_ name: String) throws -> String {
    var text = ""
    try SweepTable(try ResultStore(reading: file(name)), format: .csv).writeTrials { text += $0 }
    return text
  }
}

/// A grid that takes every path: batches, windows, sweeps over cells, fixed sizes, a heuristic
/// solver.
func variedSpecification(trials: Int = 40, seed: UInt64 = 3) throws -> SweepSpecification {
  try SweepSpecification(
    dimensions: [1, 2], counts: [6, 9], epsilons: [0.1, 0.01],
    candidates: [StandardCandidates.nsn, StandardCandidates.uniform],
    methods: [.exact, .solver(GreedyFlips())], norms: [.maximum, .euclidean], sizes: [nil], trials: trials,
    seed: seed)
}
