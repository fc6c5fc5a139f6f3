import LinearAlgebra

/// Candidates of about one length.
package struct SuperpositionBand: Sendable {
  /// The vectors, as their band's metric measures them.
  package let candidates: Candidates
  /// The vectors as they are, without their scales; nil where the metric changes nothing.
  package let plain: Matrix<Float>?
  /// What each candidate is called.
  package let names: [UInt32]

  /// Candidates, and a name for each.
  package init(candidates: Candidates, plain: Matrix<Float>? = nil, names: [UInt32]) {
    precondition(names.count == candidates.count, "a name for each candidate")
    self.candidates = candidates
    self.plain = plain
    self.names = names
  }
}

/// How errors are measured: the squares of T·E, E an error's taps × outputs.
package struct SuperpositionMetric: Sendable {
  /// T, taps × taps.
  package let root: Matrix<Double>

  /// The metric of a square T.
  package init(root: Matrix<Double>) { self.root = root }

  /// T·E, in a fixed order.
  package func felt(_ error: [Double]) -> [Double] { product(error) { root[$0, $1] } }

  /// Tᵀ·E: what a candidate's inner product with an error is taken with.
  func pulled(_ felt: [Double]) -> [Double] { product(felt) { root[$1, $0] } }

  private func product(_ values: [Double], _ factor: (Int, Int) -> Double) -> [Double] {
    let taps = root.rows
    let outputs = values.count / taps
    var product = [Double](repeating: 0, count: values.count)
    for a in 0..<taps {
      for b in 0..<taps {
        let factor = factor(a, b)
        if factor == 0 { continue }
        for o in 0..<outputs { product[a * outputs + o] += factor * values[b * outputs + o] }
      }
    }
    return product
  }

  /// The squares of a vector of so many standard normal entries, on average.
  func squares(dimension: Int) -> Double {
    root.values.reduce(0) { $0 + $1 * $1 } * Double(dimension / root.rows)
  }
}

extension SuperpositionBands {
  /// Errors are sums of squares.
  package var metric: SuperpositionMetric? { nil }
  /// Errors are sums of squares.
  package func metric(of band: Int) -> SuperpositionMetric? { nil }
}

/// Where bands come from, the longest first.
package protocol SuperpositionBands {
  /// How many there are.
  var count: Int { get }
  /// What a subset's error is measured by in the end; nil for the sum of its squares.
  var metric: SuperpositionMetric? { get }
  /// What it is measured by where a band's candidates are chosen; nil for the sum of its squares.
  ///
  /// - Throws: `CholeskyError` where a metric has no root.
  func metric(of band: Int) throws -> SuperpositionMetric?
  /// How many candidates a band has.
  func candidateCount(of band: Int) -> Int
  /// The middle scale of a band's candidates, which are so many times standard normal vectors.
  func typicalScale(of band: Int) -> Double
  /// A band's candidates; nil for one without any.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func band(_ index: Int) throws -> SuperpositionBand?
}
