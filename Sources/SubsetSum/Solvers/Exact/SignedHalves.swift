import LinearAlgebra

/// The best subset of one problem in one dimension, as batches return it.
public struct SubsetOptimum: Sendable, Hashable {
  /// The chosen candidates as bits: bit i stands for candidate i.
  public let mask: UInt64
  /// |z − Σ| by the checker's arithmetic.
  public let error: Double

  /// The chosen candidates, ascending.
  public var subset: [Int] { SmallInstance.indices(of: mask) }
  /// The number of chosen candidates.
  public var size: Int { mask.nonzeroBitCount }
}

/// Sorted sums of both halves of up to 40 numbers, in fixed point, and the search for the pair
/// closest to a target. They are made to be built and searched many thousand times a second.
///
/// Each number x becomes X = x·2^e cut to an integer, with e such that Σ|X| < 2⁶⁰. A subset S is
/// represented by Σ ±X over all numbers, + for those in S, which is 2·Σ_S X − ΣX; the target is 2·Z
/// − ΣX. So all sums are exact, and a half's list is symmetric about 0, of which a merge needs to
/// make half. What was cut off puts |Σ_S X − Z| off by less than n + 1: every pair that close to
/// the closest is rescored by the checker's arithmetic, which decides.
///
/// Memory: 24 bytes for each of the 2^⌊n/2⌋ + 2^⌈n/2⌉ sums. Building allocates nothing.
final class SignedHalves {
  let count: Int
  private let numbers: UnsafeMutablePointer<Double>
  private let integers: UnsafeMutablePointer<Int64>
  private let first: SignedSums
  private let second: SignedSums
  /// Σ X, and Σ |X|, which no signed sum exceeds in magnitude.
  private var sum: Int64 = 0
  private var largest: Int64 = 0
  private var scale = FixedPointScale(largest: 0)
  /// Whether no number lost anything when it was cut.
  private var isExact = true

  static func bytes(count: Int) -> Int { SignedSums.bytes(bits: count / 2) + SignedSums.bytes(bits: count - count / 2) }

  /// Tables for `count` numbers, which are all 0 until `build`.
  init(count: Int) {
    self.count = count
    numbers = .allocate(capacity: max(1, count))
    integers = .allocate(capacity: max(1, count))
    numbers.initialize(repeating: 0, count: max(1, count))
    integers.initialize(repeating: 0, count: max(1, count))
    first = SignedSums(bits: count / 2)
    second = SignedSums(bits: count - count / 2)
  }

  deinit {
    numbers.deallocate()
    integers.deallocate()
  }

  /// Where the caller writes the numbers before `build`.
  var buffer: UnsafeMutableBufferPointer<Double> { UnsafeMutableBufferPointer(start: numbers, count: count) }

  /// Builds the sums of the numbers in `buffer`. Returns the index of a number that is not finite
  /// or above 2⁴⁰⁰, or nil. Cost: 2^⌊n/2⌋ + 2^⌈n/2⌉ steps.
  func build() -> Int? {
    var magnitudes = 0.0
    for i in 0..<count {
      let magnitude = abs(numbers[i])
      if !(magnitude <= largestEntry) { return i }
      magnitudes += magnitude
    }
    scale = FixedPointScale(largest: magnitudes)
    (sum, largest, isExact) = (0, 0, true)
    for i in 0..<count {
      let scaled = scale.apply(numbers[i])
      let integer = Int64(scaled)
      isExact = isExact && Double(integer) == scaled && scale.isExact(numbers[i])
      integers[i] = integer
      sum &+= integer
      largest &+= abs(integer)
    }
    first.build(integers)
    second.build(integers + count / 2)
    return nil
  }

  /// The best subset for a target of magnitude at most 2⁴⁰⁰. Cost: 2^⌊n/2⌋ + 2^⌈n/2⌉ steps.
  func optimum(_ target: Double, _ near: inout NearPairs) -> SubsetOptimum {
    let (goal, isGoalExact) = fixedPoint(target)
    near.reset(isExact: isExact && isGoalExact, slack: Int64(4 * (count + 1)))
    collect(goal, &near)
    var best = Best(self, target)
    if near.isFull {
      visitAll(goal, near.cut, &best)
    } else {
      for entry in near.entries where entry.distance <= near.cut {
        visitAround(Int(entry.first), Int(entry.second), goal, near.cut, &best)
      }
    }
    return SubsetOptimum(mask: best.mask, error: best.error)
  }

  /// 2·Z − ΣX, and whether Z lost nothing when it was cut. A goal beyond all sums is moved close to
  /// the last of them, which changes no order.
  private func fixedPoint(_ target: Double) -> (goal: Int64, isExact: Bool) {
    let scaled = scale.apply(target)
    let edge = largest &+ 1
    if abs(scaled) > 2 * Double(edge) { return (scaled < 0 ? -edge : edge, isExact) }
    let integer = Int64(scaled)
    let goal = 2 &* integer &- sum
    return (max(-edge, min(edge, goal)), Double(integer) == scaled && scale.isExact(target))
  }

  /// Two passes of two pointers at once, from both ends of the staircase between the sums above and
  /// below the goal.
  ///
  /// Let (i, j) be the corner of what remains, the least sum of one list and the largest of the
  /// other. If their sum is above the goal it is the closest that j has left; if it is below, the
  /// closest that i has left. So each step settles a row or a column, from either end. Pairs within
  /// reach that are not met lie next to such a corner, in its row or column (`visitAround`).
  private func collect(_ goal: Int64, _ near: inout NearPairs) {
    let (a, b) = (first.values, second.values)
    let (rows, columns) = (first.count, second.count)
    let steps = (rows + columns) / 2
    // The column is top − step + low in one pass and step − rows + 1 + high in the other, so each
    // pass carries one index on.
    var (low, high) = (0, rows &- 1)
    var falling = UnsafePointer(b) + (columns - 1)
    var rising = UnsafePointer(b) - (rows - 1)
    var cut = near.cut
    for _ in 0..<steps {
      let up = goal &- a[low] &- falling[low]
      let down = goal &- a[high] &- rising[high]
      let (isAbove, isHighAbove) = (up >> 63, down >> 63)
      let (upDistance, downDistance) = ((up ^ isAbove) &- isAbove, (down ^ isHighAbove) &- isHighAbove)
      if min(upDistance, downDistance) < cut {
        // A pass that has settled all rows stays beyond them.
        if upDistance < cut, low < rows { near.take(low, falling + low - UnsafePointer(b), upDistance) }
        if downDistance < near.cut, high >= 0 { near.take(high, rising + high - UnsafePointer(b), downDistance) }
        cut = near.cut
      }
      low &+= 1 &+ Int(isAbove)
      high &+= Int(isHighAbove)
      falling -= 1
      rising += 1
    }
  }

  /// Rescores a pair, and those beside it in its row and column that are within reach.
  private func visitAround(_ row: Int, _ column: Int, _ goal: Int64, _ cut: Int64, _ best: inout Best) {
    func isNear(_ i: Int, _ j: Int) -> Bool {
      i >= 0 && i < first.count && j >= 0 && j < second.count
        && magnitude(first.values[i] &+ second.values[j] &- goal) < cut
    }
    best.consider(row, column)
    for step in [-1, 1] {
      var (i, j) = (row + step, column + step)
      while isNear(i, column), best.isPatient {
        best.consider(i, column)
        i += step
      }
      while isNear(row, j), best.isPatient {
        best.consider(row, j)
        j += step
      }
    }
  }

  /// Rescores all pairs within reach, which data full of ties need.
  private func visitAll(_ goal: Int64, _ cut: Int64, _ best: inout Best) {
    let (a, b) = (first.values, second.values)
    var top = second.count - 1
    for i in 0..<first.count {
      while top >= 0, a[i] &+ b[top] &- goal >= cut { top -= 1 }
      var j = top
      while j >= 0, a[i] &+ b[j] &- goal > -cut {
        best.consider(i, j)
        if !best.isPatient { return }
        j -= 1
      }
    }
  }

  /// The best pair by the checker's arithmetic.
  private struct Best {
    let halves: SignedHalves
    let target: Double
    private(set) var mask: UInt64 = 0
    private(set) var error = Double.infinity
    private var pointless = 0

    init(_ halves: SignedHalves, _ target: Double) { (self.halves, self.target) = (halves, target) }

    /// False once so many near-ties have brought nothing that no more are rescored.
    var isPatient: Bool { pointless < RescoringRule.patience }

    mutating func consider(_ row: Int, _ column: Int) {
      let union =
        UInt64(halves.first.masks[row]) | UInt64(halves.second.masks[column]) << UInt64(halves.first.bits)
      let found = compensatedDistance(target, halves.numbers, union)
      if found < error {
        (mask, error) = (union, found)
      } else {
        if found == error && SmallInstance.precedes(union, mask) { mask = union }
        pointless += 1
      }
    }
  }
}

@inline(__always) private func magnitude(_ value: Int64) -> Int64 { Int64(bitPattern: UInt64(value.magnitude)) }

/// Pairs met within reach of the closest so far, as one thread collects them.
struct NearPairs {
  struct Entry {
    let first: UInt32
    let second: UInt32
    let distance: Int64
  }

  static let capacity = 64
  private(set) var entries: [Entry] = []
  /// Distances from here on are of no use.
  private(set) var cut = Int64.max
  /// Whether more pairs were within reach than there is room for.
  private(set) var isFull = false
  private var slack: Int64 = 0

  init() { entries.reserveCapacity(Self.capacity) }

  /// - Parameter slack: by how much two distances, both off by rounding, may differ and yet be in
  ///   the wrong order.
  mutating func reset(isExact: Bool, slack: Int64) {
    entries.removeAll(keepingCapacity: true)
    cut = .max
    isFull = false
    self.slack = isExact ? 0 : slack
  }

  /// - Precondition: `distance` < `cut`.
  mutating func take(_ first: Int, _ second: Int, _ distance: Int64) {
    // An exact distance needs no other pair beside it. Others need all pairs within reach, which
    // includes the rounding of the error itself, 2⁻⁵² of it.
    cut = min(cut, slack == 0 ? distance : distance &+ slack &+ (distance >> 48))
    if slack == 0 { entries.removeAll(keepingCapacity: true) }
    if entries.count == Self.capacity { entries.removeAll { $0.distance >= cut } }
    if entries.count == Self.capacity {
      isFull = true
    } else {
      entries.append(Entry(first: UInt32(first), second: UInt32(second), distance: distance))
    }
  }
}

/// A power of two that turns numbers whose magnitudes add up to `largest` into integers that add up
/// to less than 2⁶⁰.
struct FixedPointScale {
  private let factor: Double
  private let inverse: Double
  /// 1, except for sums below 2⁻⁹⁰⁰, where a single factor would overflow.
  private let second: Double

  init(largest: Double) {
    let whole = largest > 0 ? 58 - Int(largest.exponent) : 0
    let exponent = min(958, whole)
    factor = powerOfTwo(exponent)
    inverse = powerOfTwo(-exponent)
    second = powerOfTwo(whole - exponent)
  }

  @inline(__always) func apply(_ value: Double) -> Double { value * factor * second }
  /// Whether scaling lost nothing to underflow.
  @inline(__always) func isExact(_ value: Double) -> Bool { value * factor * inverse == value }
}
