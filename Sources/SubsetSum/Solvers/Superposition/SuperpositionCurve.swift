/// Subsets that a search met, each with its bits and its squared error.
package struct SuperpositionCurve: Sendable {
  /// One candidate more than another subset.
  struct Step: Sendable {
    /// The subset without this candidate: a step's index, or −1.
    let parent: Int
    let name: UInt32
    let band: Int
    let bits: Double
    let error: Double
  }

  /// The squares of the target: the error of the empty subset, which takes no bits.
  package let energy: Double
  private(set) var steps: [Step] = []

  /// The empty subset alone.
  package init(energy: Double) { self.energy = energy }

  mutating func append(_ step: Step) -> Int {
    steps.append(step)
    return steps.count - 1
  }

  /// A subset of the curve.
  package struct Choice: Sendable {
    /// The names of its candidates, in the order of bands.
    package let names: [UInt32]
    /// Bits that its search counted.
    package let bits: Double
    /// Its squared error.
    package let error: Double
  }

  /// The subset of least error in at most so many bits.
  package func best(within bits: Double) -> Choice {
    choice { $0.bits <= bits ? $0.error : .infinity }
  }

  /// The subset of least error + `price` · bits.
  package func best(price: Double) -> Choice { choice { $0.error + price * $0.bits } }

  private func choice(_ cost: (Step) -> Double) -> Choice {
    let empty = Step(parent: -1, name: 0, band: 0, bits: 0, error: energy)
    var (best, least) = (-1, cost(empty))
    for (index, step) in steps.enumerated() where cost(step) < least { (best, least) = (index, cost(step)) }
    guard best >= 0 else { return Choice(names: [], bits: 0, error: energy) }
    return Choice(names: names(best), bits: steps[best].bits, error: steps[best].error)
  }

  /// The names on the way to a step.
  func names(_ step: Int) -> [UInt32] {
    var (names, at): ([UInt32], Int) = ([], step)
    while at >= 0 {
      names.append(steps[at].name)
      at = steps[at].parent
    }
    return names.reversed()
  }

  /// Whether a subset has a candidate of a band.
  func contains(_ name: UInt32, band: Int, at step: Int) -> Bool {
    var at = step
    while at >= 0, steps[at].band == band {
      if steps[at].name == name { return true }
      at = steps[at].parent
    }
    return false
  }
}
