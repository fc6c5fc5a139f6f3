import RunControl

extension RunControl {
  /// Writes all 2^count sums of `count` rows of m entries: the sum of subset k at k·m, where bit b
  /// of k stands for row b. Sum 0, on which all others build, must be there already. Each sum is
  /// that of the subset without its highest row, plus or minus this row.
  ///
  /// Cost: m for each sum.
  ///
  /// - Throws: `Interruption` when the run must stop.
  @inline(__always)
  func fillSubsetSums<Number: BinaryFloatingPoint>(
    _ sums: UnsafeMutablePointer<Number>, dimension m: Int, count: Int, askingEvery piece: Int,
    subtracting: Bool = false,
    row: (Int) -> UnsafePointer<Number>
  ) throws(Interruption) {
    let sign: Number = subtracting ? -1 : 1
    for bit in 0..<count {
      let (half, row) = (1 << bit, row(bit))
      try forEach(0..<half, askingEvery: piece) { k in
        let (source, target) = (sums + k &* m, sums + (half &+ k) &* m)
        for j in 0..<m { target[j] = source[j] + sign * row[j] }
      }
    }
  }
}
