import Foundation
import SubsetSum

extension WidthBound {
  /// What a store's trials say of a question: for each curve of NSN candidates in the question's
  /// dimension and the max norm, the count n50 with which half of the trials come within ε. Of
  /// exact cells that is where subsets begin to exist, of others where a solver begins to find
  /// them.
  ///
  /// Cost: reading the store.
  ///
  /// - Parameters:
  ///   - store: The store, whose trials are read.
  ///   - name: What tables call the store.
  ///   - question: The layer and the accuracy.
  /// - Throws: `StoreError`.
  public static func measured(in store: ResultStore, name: String, for question: BoundsQuestion) throws -> [WidthBound]
  {
    let isAsked = { (cell: SweepCell) in
      cell.dimension == question.dimension && cell.candidates == StandardCandidates.nsn.name
        && cell.norm == Norm.maximum.name
    }
    guard store.cells.contains(where: isAsked) else { return [] }
    let summaries = try CellSummary.all(of: store, epsilons: [question.epsilon]).filter { isAsked($0.cell) }
    let names = SweepNames(summaries.map(\.cell))
    return ThresholdTable(summaries).rows.map { row in
      let (cell, threshold) = (row.cell, row.threshold)
      let trials = summaries.map(\.trials).max() ?? 0
      let ends = [threshold.low, threshold.high].map {
        $0.map { String(format: "%.4g", $0) } ?? "beyond the counts tried"
      }
      let tried = row.range.map { "n = \($0.lowerBound) to \($0.upperBound)" } ?? "nothing"
      return WidthBound(
        names.name("half of trials: \(SweepNames.success(cell))", cell), source: name, .measured, .scale, .subsetSums,
        counting: .candidates, formula: "n50 of \(trials) trials a count, \(tried)", isConstantKnown: true,
        value: threshold.count.map { LargeNumber($0) },
        condition: "target \(cell.target), \(SweepCoordinate.size.words(for: cell))"
          + (row.isDecided ? "" : "; some trials undecided, so at most this"),
        meaning: threshold.count.map {
          "95 % interval \(ends[0]) to \(ends[1]); " + LayerMeaning.filters(LargeNumber($0), question)
        }
          ?? "half of the trials succeed \(threshold.position == .below ? "at the least" : "at none") of the counts tried"
      )
    }
  }
}
