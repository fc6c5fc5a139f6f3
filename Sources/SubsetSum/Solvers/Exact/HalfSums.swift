import RunControl

/// All subset sums of up to 32 numbers, each with its subset as a bit mask, in groups that ascend:
/// one group of all, or one for each number of elements.
///
/// The sorted sums of the first k numbers are merged, group by group, with the same sums plus
/// number k + 1. Cost: 2^(k+1) steps in all, and 24 bytes a sum, half of which are released at the
/// end.
final class HalfSums {
  /// Sums of subsets of one kind, ascending, followed by infinity.
  struct Group {
    let values: UnsafePointer<Double>
    let masks: UnsafePointer<UInt32>
    let count: Int
  }

  /// One group of all sums, or for each number c of elements, 0 … bits, the group of its sums.
  let groups: [Group]
  private let values: OwnedBuffer<Double>
  private let masks: OwnedBuffer<UInt32>
  /// Sums that are merged between two questions whether the run may go on.
  private static let piece = 1 << 16

  /// Bytes of working memory while the sums of `bits` numbers are built; a very large number where
  /// that overflows.
  static func bytes(bits: Int) -> Int { bits < 50 ? ((1 << bits) + bits + 2) * 2 * 12 : .max / 4 }

  /// The pairs of groups whose unions have `size` elements, of halves with so many numbers each;
  /// the one pair of groups for nil, any size.
  static func pairs(size: Int?, _ firstBits: Int, _ secondBits: Int) -> [(first: Int, second: Int)] {
    guard let size else { return [(0, 0)] }
    return stride(from: max(0, size - secondBits), through: min(size, firstBits), by: 1).map { ($0, size - $0) }
  }

  /// The sums `base + Σ`, rounded after each number in the order given. `numbers` holds `bits`
  /// entries at `stride`.
  ///
  /// - Throws: `Interruption` when the run must stop.
  init(
    base: Double, numbers: UnsafePointer<Double>, bits: Int, stride: Int, bySize: Bool, _ control: RunControl
  ) throws(Interruption) {
    // Each group has one more entry than sums, an infinity that ends a merge. Entry 0 is such an
    // end by itself: a group of no sums.
    let capacity = (1 << bits) + bits + 2
    var lists = (values: OwnedBuffer<Double>(count: capacity), masks: OwnedBuffer<UInt32>(count: capacity))
    var others = (values: OwnedBuffer<Double>(count: capacity), masks: OwnedBuffer<UInt32>(count: capacity))
    for (values, masks) in [lists, others] { (values.base[0], masks.base[0]) = (.infinity, 0) }
    (lists.values.base[1], lists.masks.base[1], lists.values.base[2], lists.masks.base[2]) = (base, 0, .infinity, 0)
    var counts = [1]
    for bit in 0..<bits {
      let starts = Self.starts(counts)
      func start(_ group: Int) -> Int { counts.indices.contains(group) ? starts[group] : 0 }
      func count(_ group: Int) -> Int { counts.indices.contains(group) ? counts[group] : 0 }
      let grown = bySize ? (0...counts.count).map { count($0) + count($0 - 1) } : [2 * counts[0]]
      let (values, masks) = (lists.values.base, lists.masks.base)
      for (group, (target, total)) in zip(Self.starts(grown), grown).enumerated() {
        let (plain, moved) = (start(group), bySize ? start(group - 1) : start(0))
        try Self.merge(
          values + plain, masks + plain, values + moved, masks + moved, count: total,
          adding: numbers[bit &* stride], bit: 1 << UInt32(bit), into: others.values.base + target,
          others.masks.base + target, control)
      }
      counts = grown
      swap(&lists, &others)
    }
    (values, masks) = lists
    let (values, masks) = (lists.values.base, lists.masks.base)
    groups = zip(Self.starts(counts), counts).map { Group(values: values + $0, masks: masks + $0, count: $1) }
  }

  /// Where groups of so many sums begin, each followed by its end.
  private static func starts(_ counts: [Int]) -> [Int] {
    var next = 1
    return counts.map { count in
      defer { next += count + 1 }
      return next
    }
  }

  /// Of equal sums the one without the new number comes first. No branch depends on the data.
  @inline(__always) private static func merge(
    _ values: UnsafePointer<Double>, _ masks: UnsafePointer<UInt32>, _ shorter: UnsafePointer<Double>,
    _ shorterMasks: UnsafePointer<UInt32>, count: Int, adding number: Double, bit: UInt32,
    into newValues: UnsafeMutablePointer<Double>, _ newMasks: UnsafeMutablePointer<UInt32>, _ control: RunControl
  ) throws(Interruption) {
    var reached = (plain: 0, moved: 0)
    try control.inPieces(0..<count, of: piece) { range in
      var (plain, moved) = reached
      for k in range {
        let (a, b) = (values[plain], shorter[moved] + number)
        let takesPlain = a <= b
        newValues[k] = takesPlain ? a : b
        let (maskA, maskB) = (masks[plain], shorterMasks[moved] | bit)
        newMasks[k] = takesPlain ? maskA : maskB
        let step = takesPlain ? 1 : 0
        // Both lists end with infinity, and the one that has ended is not taken before the other.
        plain &+= step
        moved &+= 1 &- step
      }
      reached = (plain, moved)
    }
    newValues[count] = .infinity
    newMasks[count] = 0
  }
}
