/// The best subsets that a search met, each with its bits and its squared error.
package struct SuperpositionCurve: Sendable {
  /// A candidate that a subset of the beam got, and what it had before.
  private struct Link: Sendable {
    /// The link before, or −1.
    let before: Int
    let name: UInt32
    let band: Int
  }

  /// The best subset of one size.
  struct Step: Sendable {
    /// Its last candidate.
    let link: Int
    let bits: Double
    let error: Double
  }

  /// The squares of the target: the error of the empty subset, which takes no bits.
  package let energy: Double
  private var links: [Link] = []
  private var steps: [Step] = []

  /// The empty subset alone.
  package init(energy: Double) { self.energy = energy }

  /// Notes that a subset got a candidate more.
  mutating func link(to name: UInt32, of band: Int, after before: Int) -> Int {
    links.append(Link(before: before, name: name, band: band))
    return links.count - 1
  }

  mutating func append(_ step: Step) { steps.append(step) }

  /// A subset of the curve.
  package struct Choice: Sendable {
    /// The names of its candidates, in the order of bands.
    package let names: [UInt32]
    /// The band of each.
    package let bands: [Int]
    /// Bits that its search counted.
    package let bits: Double
    /// Its squared error.
    package let error: Double

    /// error + `price` · bits.
    func cost(price: Double) -> Double { error + price * bits }
  }

  /// The subset of least error in at most so many bits.
  package func best(within bits: Double) -> Choice {
    self[cheapest { $0.bits <= bits ? $0.error : .infinity }]
  }

  /// The subset of least error + `price` · bits.
  package func best(price: Double) -> Choice { self[cheapest(price: price)] }

  /// Which subset of `range` has the least error + `price` · bits.
  package func cheapest(price: Double) -> Int { cheapest { $0.error + price * $0.bits } }

  private func cheapest(_ cost: (Step) -> Double) -> Int {
    var (best, least) = (-1, cost(Step(link: -1, bits: 0, error: energy)))
    for (index, step) in steps.enumerated() where cost(step) < least { (best, least) = (index, cost(step)) }
    return best
  }

  /// Subsets of the curve; −1 stands for the empty one, and the first has the fewest bits.
  package var range: Range<Int> { -1..<steps.count }

  /// A subset of `range`.
  package subscript(index: Int) -> Choice {
    if index < 0 { return Choice(names: [], bands: [], bits: 0, error: energy) }
    var (names, bands, at): ([UInt32], [Int], Int) = ([], [], steps[index].link)
    while at >= 0 {
      names.append(links[at].name)
      bands.append(links[at].band)
      at = links[at].before
    }
    return Choice(
      names: names.reversed(), bands: bands.reversed(), bits: steps[index].bits, error: steps[index].error)
  }

  /// The names of a band's candidates that a subset has.
  func names(ofBand band: Int, at link: Int) -> [UInt32] {
    var (names, at): ([UInt32], Int) = ([], link)
    while at >= 0, links[at].band == band {
      names.append(links[at].name)
      at = links[at].before
    }
    return names
  }

  /// The last candidate of a subset before those of a band.
  func link(before band: Int, at link: Int) -> Int {
    var at = link
    while at >= 0, links[at].band == band { at = links[at].before }
    return at
  }
}
