import LinearAlgebra

/// Candidates of about one length, and what it takes to name one of them.
package struct SuperpositionBand: Sendable {
  /// The vectors, as their band's metric measures them.
  package let candidates: Candidates
  /// The vectors as they are, without their scales; nil where the metric changes nothing.
  package let plain: Matrix<Float>?
  /// What each candidate is called.
  package let names: [UInt32]
  /// Bits that a chosen one takes.
  package let bits: Double

  /// Candidates, a name for each, and the bits that one takes.
  package init(candidates: Candidates, plain: Matrix<Float>? = nil, names: [UInt32], bits: Double) {
    precondition(names.count == candidates.count, "a name for each candidate")
    self.candidates = candidates
    self.plain = plain
    self.names = names
    self.bits = bits
  }
}

/// How errors are measured: the squares of T·E, E an error's taps × outputs.
package struct SuperpositionMetric: Sendable {
  /// T, taps × taps.
  package let root: Matrix<Double>

  /// The metric of a square T.
  package init(root: Matrix<Double>) { self.root = root }

  /// T·E, in a fixed order.
  package func felt(_ error: [Double]) -> [Double] {
    let taps = root.rows
    let outputs = error.count / taps
    var felt = [Double](repeating: 0, count: error.count)
    for a in 0..<taps {
      for b in 0..<taps {
        let factor = root[a, b]
        if factor == 0 { continue }
        for o in 0..<outputs { felt[a * outputs + o] += factor * error[b * outputs + o] }
      }
    }
    return felt
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
  /// The least length that a candidate of a band is expected to have, without making it.
  ///
  /// - Throws: as `metric(of:)`.
  func expectedLength(of band: Int) throws -> Double
  /// A band's candidates; nil for one without any.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func band(_ index: Int) throws -> SuperpositionBand?
}
