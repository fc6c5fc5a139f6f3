import LinearAlgebra

/// Candidates of about one length, and what it takes to name one of them.
package struct SuperpositionBand: Sendable {
  /// The vectors.
  package let candidates: Candidates
  /// What each candidate is called.
  package let names: [UInt32]
  /// Bits that a chosen one takes.
  package let bits: Double

  /// Candidates, a name for each, and the bits that one takes.
  package init(candidates: Candidates, names: [UInt32], bits: Double) {
    precondition(names.count == candidates.count, "a name for each candidate")
    self.candidates = candidates
    self.names = names
    self.bits = bits
  }
}

/// Where bands come from, the longest first.
package protocol SuperpositionBands {
  /// How many there are.
  var count: Int { get }
  /// The least length that a candidate of a band is expected to have, without making it.
  func expectedLength(of band: Int) -> Double
  /// A band's candidates; nil for one without any.
  ///
  /// - Throws: `Interruption` when the run must stop.
  func band(_ index: Int) throws -> SuperpositionBand?
}
