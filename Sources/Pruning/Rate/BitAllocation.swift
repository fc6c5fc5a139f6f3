import SubsetSum

/// How bits are shared between blocks: where they lower the error most.
struct BitAllocation {
  /// What may be chosen of each block.
  let curves: [SuperpositionCurve]
  /// What each block's squared error counts.
  let weights: [Double]

  /// The choices of least error in at most so many bits: those of one price of a bit for all
  /// blocks, and then what else the bits that are left over buy.
  ///
  /// - Complexity: 100 passes over all curves.
  func choices(within bits: Double) -> [SuperpositionCurve.Choice] {
    let energy = zip(curves, weights).reduce(0.0) { $0 + $1.0.energy * $1.1 }
    // At the higher price nothing is bought.
    var (low, high) = (energy * 0x1p-80, energy + .leastNormalMagnitude)
    for _ in 0..<100 {
      let price = (low * high).squareRoot()
      guard price > low, price < high else { break }
      if self.bits(choices(price: price)) <= bits { high = price } else { low = price }
    }
    var chosen = choices(price: high)
    var left = bits - self.bits(chosen)
    while left > 0 {
      var best: (block: Int, gain: Double, choice: SuperpositionCurve.Choice)?
      for (block, curve) in curves.enumerated() {
        let choice = curve.best(within: chosen[block].bits + left)
        let gain = (chosen[block].error - choice.error) * weights[block]
        if gain > best?.gain ?? 0 { best = (block, gain, choice) }
      }
      guard let best else { break }
      left -= best.choice.bits - chosen[best.block].bits
      chosen[best.block] = best.choice
    }
    return chosen
  }

  /// The choices of least error + price · bits.
  func choices(price: Double) -> [SuperpositionCurve.Choice] {
    zip(curves, weights).map { $0.best(price: $1 > 0 ? price / $1 : .infinity) }
  }

  private func bits(_ choices: [SuperpositionCurve.Choice]) -> Double { choices.reduce(0) { $0 + $1.bits } }

  /// Choices whose file takes at most so many bytes, and close to that.
  ///
  /// - Parameters:
  ///   - bytes: what the file may take.
  ///   - bits: bits that files take beside lists, for a start.
  ///   - isOver: whether the run has to stop: then what fits is good enough.
  ///   - size: the bytes of a file with such choices.
  /// - Returns: the file and the error; nil where not even an empty file is as small.
  func fitted<File>(
    bytes: Int, besides bits: Double, isOver: () -> Bool = { false },
    _ size: ([SuperpositionCurve.Choice]) throws -> (file: File, bytes: Int)
  ) rethrows -> (file: File, error: Double)? {
    var best: (file: File, error: Double)?
    var (wanted, least, most) = (max(0, 8 * Double(bytes) - bits), 0.0, Double.infinity)
    for _ in 0..<12 {
      let choices = choices(within: wanted)
      let (file, found) = try size(choices)
      let error = zip(choices, weights).reduce(0.0) { $0 + $1.0.error * $1.1 }
      if found <= bytes {
        least = wanted
        if error < best?.error ?? .infinity { best = (file, error) }
      } else {
        most = wanted
      }
      if most - least < 4 || best != nil && isOver() { break }
      // As many bits more or fewer as bytes are left or missing, between what fits and what does
      // not.
      let next = wanted + 8 * Double(bytes - found)
      wanted = next > least && next < most ? next : most.isFinite ? (least + most) / 2 : least + 8
    }
    if best == nil, least == 0 {
      let (file, found) = try size(choices(within: 0))
      if found <= bytes { return (file, zip(curves, weights).reduce(0) { $0 + $1.0.energy * $1.1 }) }
    }
    return best
  }
}
