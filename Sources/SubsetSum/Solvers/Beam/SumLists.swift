import RunControl

/// The shortest sums of a few candidates: a beam from the target 0 of which every level is kept.
final class SumLists {
  /// Bytes for each sum of a list, of at most five candidates.
  static func bytesEach(dimension m: Int) -> Int { 8 * m + 8 + 4 * 5 }

  /// The sums of a candidates at a − 1, by ascending norm, as residuals −Σ.
  private(set) var lists: [BeamStates] = []
  private let rows: CandidateRows
  private let workers: Int

  /// `rows` must outlive this.
  init(_ rows: CandidateRows, workers: Int) {
    self.rows = rows
    self.workers = workers
  }

  /// Makes the lists of sums of up to `most` candidates, each as long as `expansion` keeps
  /// children. False where the run must stop first, or there are no such sums. Work: n·m for each
  /// sum of fewer than `most` candidates.
  func extend(to most: Int, _ expansion: BeamExpansion, _ meter: inout WorkMeter) throws -> Bool {
    let (n, m) = (rows.count, rows.dimension)
    while lists.count < most {
      let shorter: BeamStates
      if let last = lists.last {
        shorter = last
      } else {
        shorter = try BeamStates(capacity: 1, dimension: m, candidates: n)
        shorter.reset(to: [Double](repeating: 0, count: m))
      }
      guard try expansion.selectChildren(of: shorter, &meter) else { return false }
      let longer = try BeamStates(capacity: expansion.selection.count, dimension: m, candidates: n)
      try longer.take(expansion.selection, of: shorter, rows, workers: workers, meter.control)
      lists.append(longer)
    }
    return true
  }
}
