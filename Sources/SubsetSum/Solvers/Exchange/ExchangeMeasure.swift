/// What exchanges are judged by, in plain coordinates: a figure that rises with the norm.
///
/// | norm | figure |
/// |---|---|
/// | max | max \|r_j\| |
/// | Euclidean, metric | Σ r_j² |
/// | row sums | the largest block sum |
///
/// Reductions run over 8 lanes that are combined in one fixed order, without fma; block sums are
/// added in order of the coordinates.
final class ExchangeMeasure {
  enum Kind { case maximum, euclidean, rowSums }

  let kind: Kind
  let stride: Int
  private let dimension: Int
  private let blocks: [Int]
  private let blockCount: Int
  private let isOneSided: Bool
  private let sums: UnsafeMutablePointer<Double>

  init(_ norm: Norm, dimension: Int, stride: Int) {
    self.dimension = dimension
    self.stride = stride
    switch norm {
    case .maximum: (kind, blocks, blockCount, isOneSided) = (.maximum, [], 0, false)
    case .euclidean, .metric: (kind, blocks, blockCount, isOneSided) = (.euclidean, [], 0, false)
    case .rowSums(let rowSums):
      (kind, blocks, blockCount) = (.rowSums, rowSums.blocks, rowSums.blockCount)
      isOneSided = rowSums.sides == .larger
    }
    sums = .allocate(capacity: max(1, 2 * blockCount))
  }

  deinit { sums.deallocate() }

  /// A bound on ‖r‖₂ for residuals whose figure is at most `figure`.
  func radius(_ figure: Double) -> Double {
    let bound =
      switch kind {
      case .maximum: figure * Double(dimension).squareRoot()
      case .euclidean: figure.squareRoot()
      case .rowSums: figure * Double(2 * blockCount)
      }
    return bound * (1 + 0x1p-30)
  }

  /// The figure of r + sign·x; infinite where an entry is NaN. Cost: m.
  func figure(_ r: UnsafePointer<Double>, _ sign: Double, _ x: UnsafePointer<Double>) -> Double {
    switch kind {
    case .maximum:
      var largest: UInt64 = 0
      for j in 0..<stride { largest = max(largest, (r[j] + sign * x[j]).bitPattern & 0x7fff_ffff_ffff_ffff) }
      return finite(Double(bitPattern: largest))
    case .euclidean: return finite(combined(squares(r, sign, x)))
    case .rowSums:
      addBlocks(r, sign, x)
      var largest = 0.0
      for b in 0..<2 * blockCount { largest = sums[b] <= largest ? largest : sums[b] }
      return finite(largest)
    }
  }

  private func finite(_ value: Double) -> Double { value.isNaN ? .infinity : value }

  @inline(__always) private func squares(
    _ r: UnsafePointer<Double>, _ sign: Double, _ x: UnsafePointer<Double>
  ) -> SIMD8<Double> {
    var squares = SIMD8<Double>.zero
    var j = 0
    while j < stride {
      let values = lanes(at: r + j) + sign * lanes(at: x + j)
      squares += values * values
      j &+= 8
    }
    return squares
  }

  /// Adds up magnitudes by block, those of negative coordinates apart where the sides of a block
  /// count apart.
  private func addBlocks(_ r: UnsafePointer<Double>, _ sign: Double, _ x: UnsafePointer<Double>) {
    sums.update(repeating: 0, count: 2 * blockCount)
    for j in 0..<blocks.count {
      let value = r[j] + sign * x[j]
      let block = isOneSided && value < 0 ? blocks[j] &+ blockCount : blocks[j]
      sums[block] += abs(value)
    }
  }
}
