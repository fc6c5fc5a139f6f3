/// All sums Σ ±X of up to 20 integers, ascending, each with the mask of the integers taken with +.
///
/// The list L of k integers gives that of one more, Y = |X|, by merging P = L − Y and Q = L + Y. As
/// L is symmetric about 0 so is the result: its upper half is the negated lower half, with
/// complementary masks, and Q read upwards is P negated and read downwards. So step k of a merge,
/// with p of P taken, compares L[p] − Y with L[k − p] + Y = Y − L[N − 1 − k + p], and the index p
/// is all that a step hands on to the next. The lower half is made from both its ends at once.
final class SignedSums {
  let bits: Int
  let count: Int
  /// The `count` sums, with one number before and one after them that lie beyond all others.
  private(set) var values: UnsafeMutablePointer<Int64>
  private(set) var masks: UnsafeMutablePointer<UInt32>
  private var otherValues: UnsafeMutablePointer<Int64>
  private var otherMasks: UnsafeMutablePointer<UInt32>
  /// A number beyond every sum, yet so far from overflow that three of them can be added.
  private static let beyond: Int64 = 1 << 61

  static func bytes(bits: Int) -> Int { (1 << bits + 2) * 2 * 12 }

  init(bits: Int) {
    self.bits = bits
    count = 1 << bits
    values = UnsafeMutablePointer.allocate(capacity: count + 2) + 1
    otherValues = UnsafeMutablePointer.allocate(capacity: count + 2) + 1
    masks = UnsafeMutablePointer.allocate(capacity: count + 2) + 1
    otherMasks = UnsafeMutablePointer.allocate(capacity: count + 2) + 1
    for values in [values, otherValues] { (values - 1).initialize(repeating: 0, count: count + 2) }
    for masks in [masks, otherMasks] { (masks - 1).initialize(repeating: 0, count: count + 2) }
  }

  deinit {
    for values in [values, otherValues] { (values - 1).deallocate() }
    for masks in [masks, otherMasks] { (masks - 1).deallocate() }
  }

  /// Makes the sums of `bits` integers whose magnitudes add up to less than 2⁶⁰. Cost: 2^bits
  /// steps.
  func build(_ integers: UnsafePointer<Int64>) {
    (values[0], masks[0]) = (0, 0)
    for bit in 0..<bits {
      let size = 1 << bit
      (values[-1], values[size]) = (-Self.beyond, Self.beyond)
      Self.merge(values, masks, size, integers[bit], UInt32(truncatingIfNeeded: size), otherValues, otherMasks)
      swap(&values, &otherValues)
      swap(&masks, &otherMasks)
    }
    (values[-1], values[count]) = (-Self.beyond, Self.beyond)
  }

  /// Of equal sums those of P come first.
  @inline(__always) private static func merge(
    _ values: UnsafePointer<Int64>, _ masks: UnsafePointer<UInt32>, _ size: Int, _ number: Int64, _ bit: UInt32,
    _ newValues: UnsafeMutablePointer<Int64>, _ newMasks: UnsafeMutablePointer<UInt32>
  ) {
    let step = abs(number)
    let twice = 2 &* step
    let full = 2 &* bit &- 1
    // To subtract |X| is to take X with − or, when X is negative, with +. Complementing a mask of L
    // clears no new bit.
    let plainBit = number < 0 ? bit : 0
    let movedFlip = (bit &- 1) | (number < 0 ? 0 : bit)
    let last = 2 &* size &- 1
    // The number of sums of P that the lower half takes: those that are at most 0.
    let below = partitionPoint(0..<size) { values[$0] > step }
    var (low, high) = (0, below &- 1)
    // At output k of one pass the value of Q is step − mirror[low], at output k of the other step −
    // opposite[high].
    var (mirror, mirrorMasks) = (values + (size &- 1), masks + (size &- 1))
    var (opposite, oppositeMasks) = (values + 1, masks + 1)
    let half = size / 2
    for k in 0..<half {
      // Masks of bits select. As conditions they would become branches that are mispredicted half
      // the time.
      let (a, b) = (values[low], mirror[low])
      let takesMoved = (twice &- a &- b) >> 63
      let value = select(takesMoved, step &- b, a &- step)
      let mask = select(takesMoved, mirrorMasks[low] ^ movedFlip, masks[low] | plainBit)
      newValues[k] = value
      newMasks[k] = mask
      newValues[last &- k] = 0 &- value
      newMasks[last &- k] = full ^ mask
      low &+= 1 &+ Int(takesMoved)
      mirror -= 1
      mirrorMasks -= 1

      let back = size &- 1 &- k
      let (c, d) = (values[high], opposite[high])
      let removesPlain = (twice &- c &- d) >> 63
      let other = select(removesPlain, c &- step, step &- d)
      let otherMask = select(removesPlain, masks[high] | plainBit, oppositeMasks[high] ^ movedFlip)
      newValues[back] = other
      newMasks[back] = otherMask
      newValues[last &- back] = 0 &- other
      newMasks[last &- back] = full ^ otherMask
      high &+= Int(removesPlain)
      opposite += 1
      oppositeMasks += 1
    }
    if size == 1 {
      (newValues[0], newMasks[0]) = (0 &- step, plainBit)
      (newValues[1], newMasks[1]) = (step, full ^ plainBit)
    }
  }
}

/// `first` where `bits` is −1, `second` where it is 0.
@inline(__always) private func select(_ bits: Int64, _ first: Int64, _ second: Int64) -> Int64 {
  second ^ ((first ^ second) & bits)
}

@inline(__always) private func select(_ bits: Int64, _ first: UInt32, _ second: UInt32) -> UInt32 {
  second ^ ((first ^ second) & UInt32(truncatingIfNeeded: bits))
}
