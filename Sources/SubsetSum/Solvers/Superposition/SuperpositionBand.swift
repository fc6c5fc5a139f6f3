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
