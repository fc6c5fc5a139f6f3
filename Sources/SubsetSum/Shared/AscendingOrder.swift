import LinearAlgebra
import RunControl

extension Problem {
  /// The same problem with its candidates by ascending norm, ties by index, and the index that each
  /// of them had. Cost: n·(m + log n).
  ///
  /// - Throws: `Interruption` when the run must stop.
  func ascending(_ control: RunControl) throws -> (problem: Problem, order: [Int]) {
    let order = try candidates.ascendingOrder(control)
    return (with(try candidates.permuted(order, control)), order)
  }
}

extension Candidates {
  /// Rows that are gone through between two questions whether the run may go on: some tens of
  /// microseconds.
  var rowsBetweenQuestions: Int { max(1, (1 << 16) / max(1, dimension)) }

  /// The candidates for whose squared norm `isTaken` holds, by ascending norm, ties by index. Cost:
  /// n·(m + log n).
  ///
  /// - Throws: `Interruption` when the run must stop.
  func ascendingOrder(_ control: RunControl, where isTaken: (Double) -> Bool = { _ in true }) throws -> [Int] {
    var keys = try withRows { rows in
      try control.map(0..<count, askingEvery: rowsBetweenQuestions) { (square: rows.squaredNorm($0), index: $0) }
    }
    keys.removeAll { !isTaken($0.square) }
    try control.sort(&keys) { ($0.square, $0.index) < ($1.square, $1.index) }
    return keys.map(\.index)
  }

  /// `permuted`, asking now and then whether the run may go on.
  fileprivate func permuted(_ order: [Int], _ control: RunControl) throws -> Candidates {
    switch storage {
    case .factored(let scales, let vectors):
      let rows = try rows(order, of: vectors, control)
      // There are as many scales as rows.
      return try! Candidates(scales: order.map { scales[$0] }, vectors: rows)
    case .dense(let matrix): return Candidates(try rows(order, of: matrix, control))
    }
  }

  private func rows<Scalar>(
    _ order: [Int], of matrix: Matrix<Scalar>, _ control: RunControl
  ) throws -> Matrix<Scalar> {
    var interruption: Interruption?
    // A matrix with as many entries as this one exists already.
    let made = try! Matrix<Scalar>(rows: order.count, columns: dimension) { target in
      matrix.values.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        do throws(Interruption) {
          try control.forEach(0..<order.count, askingEvery: rowsBetweenQuestions) {
            (target + $0 &* dimension).update(from: source + order[$0] &* dimension, count: dimension)
          }
        } catch { interruption = error }
      }
    }
    if let interruption { throw interruption }
    return made
  }
}
