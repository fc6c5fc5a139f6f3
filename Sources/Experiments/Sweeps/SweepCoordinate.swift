/// What tells the cells of a sweep apart.
public enum SweepCoordinate: String, Sendable, Hashable, CaseIterable {
  case dimension, count, candidates, target, norm, size, solver

  /// A cell's value, as tables have it; `any` for a free size, `n/2` for a share.
  public func value(of cell: SweepCell) -> String {
    switch self {
    case .dimension: "\(cell.dimension)"
    case .count: "\(cell.count)"
    case .candidates: cell.candidates
    case .target: cell.target
    case .norm: cell.norm
    case .size: cell.sizeRule
    case .solver: cell.solver
    }
  }

  /// A value in a legend, where others stand beside it.
  func words(for cell: SweepCell) -> String {
    let value = value(of: cell)
    return switch self {
    case .dimension: "m = \(value)"
    case .count: "n = \(value)"
    case .candidates: value
    case .target: "target \(value)"
    case .norm: "\(value) norm"
    case .size: cell.size == nil ? "any size" : "size \(value)"
    case .solver: value
    }
  }

  /// What has the same values of some coordinates in groups, in the order in which the first of
  /// each comes.
  static func groups<Element>(
    _ elements: [Element], sharing coordinates: [SweepCoordinate], of cell: (Element) -> SweepCell
  ) -> [[Element]] {
    var places: [[String]: Int] = [:]
    var groups: [[Element]] = []
    for element in elements {
      let key = coordinates.map { $0.value(of: cell(element)) }
      if let place = places[key] {
        groups[place].append(element)
      } else {
        places[key] = groups.count
        groups.append([element])
      }
    }
    return groups
  }

  /// The values of cells, each once, in the order in which they come.
  func values(of cells: some Sequence<SweepCell>) -> [String] {
    var seen: Set<String> = []
    return cells.map { value(of: $0) }.filter { seen.insert($0).inserted }
  }
}

/// A choice among the cells of a sweep.
public struct SweepSelection: Sendable, Hashable {
  /// Values to keep, as `SweepCoordinate.value(of:)` writes them; a coordinate that is not named
  /// keeps all.
  public var values: [SweepCoordinate: [String]]

  /// The cells with these values; all cells without any.
  public init(_ values: [SweepCoordinate: [String]] = [:]) { self.values = values }

  /// Whether a cell is chosen.
  public func contains(_ cell: SweepCell) -> Bool {
    values.allSatisfy { coordinate, kept in kept.contains(coordinate.value(of: cell)) }
  }

  /// The summaries of the cells that are chosen, in their order.
  ///
  /// - Throws: `ExperimentError.outOfRange` for a value that no cell has.
  public func callAsFunction(_ summaries: [CellSummary]) throws(ExperimentError) -> [CellSummary] {
    for coordinate in SweepCoordinate.allCases {
      guard let kept = values[coordinate] else { continue }
      let present = coordinate.values(of: summaries.lazy.map(\.cell))
      for value in kept where !present.contains(value) {
        throw .outOfRange(
          quantity: coordinate.rawValue, expected: "one of \(present.joined(separator: ", "))", found: "'\(value)'")
      }
    }
    return summaries.filter { contains($0.cell) }
  }
}
