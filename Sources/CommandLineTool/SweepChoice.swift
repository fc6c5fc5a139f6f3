import ArgumentParser
import Experiments
import Outcomes

/// Options that choose among the cells of a sweep.
struct SweepChoice: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Of a store: cells of these m.", valueName: "M,M…"))
  var dimension: String?
  @Option(parsing: .unconditional, help: ArgumentHelp("Of a store: cells of these n.", valueName: "N,N…")) var count:
    String?
  @Option(help: ArgumentHelp("Of a store: these laws of candidates.", valueName: "LAW,LAW…")) var candidates: String?
  @Option(help: ArgumentHelp("Of a store: these laws of targets, as table prints them.", valueName: "LAW,LAW…"))
  var target: String?
  @Option(help: ArgumentHelp("Of a store: these norms.", valueName: "NORM,NORM…")) var norm: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Of a store: these sizes; any is the free one.", valueName: "K,K…"))
  var size: String?
  @Option(help: ArgumentHelp("Of a store: these solvers.", valueName: "NAME,NAME…")) var solver: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of a store: these errors instead of the specification's.", valueName: "E,E…"))
  var epsilon: String?

  private var texts: [(SweepCoordinate, String?)] {
    [
      (.dimension, dimension), (.count, count), (.candidates, candidates), (.target, target), (.norm, norm),
      (.size, size), (.solver, solver),
    ]
  }

  /// The options that were given.
  var given: [String] {
    texts.filter { $0.1 != nil }.map { "--\($0.0.rawValue)" } + (epsilon == nil ? [] : ["--epsilon"])
  }

  /// The summaries of the cells that are chosen.
  func summaries(of store: ResultStore) throws -> [CellSummary] {
    let summaries = try CellSummary.all(of: store, epsilons: try epsilon.map { try Self.epsilons($0) })
    var values: [SweepCoordinate: [String]] = [:]
    for (coordinate, text) in texts {
      if let text { values[coordinate] = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }
    do throws(ExperimentError) { return try SweepSelection(values)(summaries) } catch {
      if case .outOfRange(let quantity, let expected, let found) = error {
        throw OptionError(option: "--\(quantity)", expected: expected, found: found)
      }
      throw error
    }
  }

  /// Errors above 0, separated by commas.
  static func epsilons(_ text: String) throws -> [Double] {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard values.allSatisfy({ $0.map { $0 > 0 && $0.isFinite } ?? false }),
      Set(values).count == values.count
    else {
      throw OptionError(
        option: "--epsilon", expected: "different errors above 0, separated by commas", found: "'\(text)'")
    }
    return values.compactMap { $0 }
  }
}
