import Experiments
import ModelFiles

/// What a store is of, trials aside; the JSON keys are a contract.
struct StoreReport: Encodable {
  private let store: ResultStore

  static func text(of store: ResultStore) throws -> String { try JSONReport.text(of: StoreReport(store: store)) }

  private struct Cell: Encodable {
    let cell: SweepCell

    // swift-format-ignore: AlwaysUseLowerCamelCase
    private enum Key: String, CodingKey {
      case cell, dimension, count, candidates, target, norm, subset_size, solver
    }

    func encode(to encoder: any Encoder) throws {
      var json = encoder.container(keyedBy: Key.self)
      try json.encode(cell.number, forKey: .cell)
      try json.encode(cell.dimension, forKey: .dimension)
      try json.encode(cell.count, forKey: .count)
      try json.encode(cell.candidates, forKey: .candidates)
      try json.encode(cell.target, forKey: .target)
      try json.encode(cell.norm, forKey: .norm)
      try json.encode(cell.size, forKey: .subset_size)
      try json.encode(cell.solver, forKey: .solver)
    }
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey { case digest, specification, source, trials_per_cell, epsilons, cells }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(store.digest, forKey: .digest)
    try json.encode(store.specification, forKey: .specification)
    try json.encode(store.source, forKey: .source)
    try json.encode(store.trialsPerCell, forKey: .trials_per_cell)
    try json.encode(store.epsilons, forKey: .epsilons)
    try json.encode(store.cells.map(Cell.init), forKey: .cells)
  }
}
