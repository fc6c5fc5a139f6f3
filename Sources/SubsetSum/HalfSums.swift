/// All subset sums of up to 32 numbers, ascending, each with its subset as a bit mask.
///
/// Built by merging: the sorted sums of the first k numbers with the same plus number k+1. Cost: 2^(k+1) steps
/// in all and 24 bytes a sum, half of it released after `build`.
final class HalfSums {
  let count: Int
  private(set) var values: UnsafeMutablePointer<Double>
  private(set) var masks: UnsafeMutablePointer<UInt32>

  /// Bytes of working memory while building the sums of `bits` numbers, overflow saturated.
  static func bytes(bits: Int) -> Int { bits < 50 ? (1 << bits) * 2 * 12 : .max / 4 }

  /// The sums `base + Σ`, rounded after each number in the order given. `numbers` holds `bits` entries at `stride`.
  init(base: Double, numbers: UnsafePointer<Double>, bits: Int, stride: Int) {
    count = 1 << bits
    // One more entry than sums: infinity ends a merge.
    values = .allocate(capacity: count + 1)
    masks = .allocate(capacity: count + 1)
    var otherValues = UnsafeMutablePointer<Double>.allocate(capacity: count + 1)
    var otherMasks = UnsafeMutablePointer<UInt32>.allocate(capacity: count + 1)
    values[0] = base
    values[1] = .infinity
    masks[0] = 0
    masks[1] = 0
    for bit in 0..<bits {
      Self.merge(
        values, masks, 1 << bit, adding: numbers[bit &* stride], bit: 1 << UInt32(bit), into: otherValues,
        otherMasks)
      swap(&values, &otherValues)
      swap(&masks, &otherMasks)
    }
    otherValues.deallocate()
    otherMasks.deallocate()
  }

  deinit {
    values.deallocate()
    masks.deallocate()
  }

  /// Equal sums: the one without the new number comes first. No branch depends on the data.
  @inline(__always) private static func merge(
    _ values: UnsafePointer<Double>, _ masks: UnsafePointer<UInt32>, _ count: Int, adding number: Double,
    bit: UInt32, into newValues: UnsafeMutablePointer<Double>, _ newMasks: UnsafeMutablePointer<UInt32>
  ) {
    var (plain, moved) = (0, 0)
    for k in 0..<(2 &* count) {
      let (a, b) = (values[plain], values[moved] + number)
      let takesPlain = a <= b
      newValues[k] = takesPlain ? a : b
      let (maskA, maskB) = (masks[plain], masks[moved] | bit)
      newMasks[k] = takesPlain ? maskA : maskB
      let step = takesPlain ? 1 : 0
      // Both lists end with infinity; the one that has ended is not taken before the other.
      plain &+= step
      moved &+= 1 &- step
    }
    newValues[2 &* count] = .infinity
    newMasks[2 &* count] = 0
  }
}
