import ModelFiles
import SubsetSum

/// Norms by their command-line names.
package enum NormChoice: String, CaseIterable {
  case max
  case l2
  case metric
  case rowSums = "row-sums"
  case rowSumsLarger = "row-sums-larger"

  package static var names: String {
    let names = allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
  }

  package init(named name: String) throws {
    guard let choice = NormChoice(rawValue: name) else {
      throw OptionError(option: "--norm", expected: Self.names, found: "'\(name)'")
    }
    self = choice
  }

  /// The norm, with its factor or its blocks and weights from the problem's file.
  package func norm(from file: ProblemFile, path: String) throws -> Norm {
    switch self {
    case .max: return .maximum
    case .l2: return .euclidean
    case .metric:
      guard let factor = file.factor else { throw missing("factor", path) }
      return .metric(try Metric(choleskyFactor: factor))
    case .rowSums, .rowSumsLarger:
      guard let blocks = file.blocks else { throw missing("blocks", path) }
      return .rowSums(
        try RowSums(
          blocks: blocks, weights: file.weights ?? [Double](repeating: 1, count: blocks.count),
          sides: self == .rowSums ? .both : .larger))
    }
  }

  /// The norm for a generated problem.
  package func normOfGenerated() throws -> Norm {
    switch self {
    case .max: return .maximum
    case .l2: return .euclidean
    case .metric, .rowSums, .rowSumsLarger:
      let array = self == .metric ? "factor" : "blocks"
      throw OptionError(
        option: "--norm \(rawValue)", expected: "PROBLEM.npz with an array '\(array)'", found: "a generated problem")
    }
  }

  private func missing(_ array: String, _ path: String) -> OptionError {
    OptionError(option: "--norm \(rawValue)", expected: "an array '\(array)' in \(path)", found: "none")
  }
}
