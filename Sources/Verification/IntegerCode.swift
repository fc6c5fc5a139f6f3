import Tickets

/// The chance of a bit from how often it was 0 and 1 before: the estimate of Krichevsky and
/// Trofimov, which begins with half of one of each.
private struct AdaptiveBit {
  /// Twice the counts.
  private var zeros: UInt64 = 1
  private var ones: UInt64 = 1

  mutating func code(_ bit: Bool, with coder: inout some BitCoder) -> Bool {
    let found = coder.code(bit, ones: ones, of: zeros + ones)
    if found { ones += 2 } else { zeros += 2 }
    return found
  }
}

/// Whole numbers that are mostly small, in few bits, learning as it goes.
///
/// A number is its magnitude, and unless that is 0 its sign, a bit of chance 1 / 2. A magnitude is
/// as many ones, and a zero where it is below `unary`, each with chances of its place. From `unary`
/// on the rest follows with one added: how many bits are behind its leading one, as ones and a
/// zero, and these bits of chance 1 / 2. `bench/codes/bits.py` is the same code in Python.
package struct IntegerCode {
  private static let unary = 15
  private static let longest = 31
  private var places = [AdaptiveBit](repeating: AdaptiveBit(), count: unary)
  private var lengths = [AdaptiveBit](repeating: AdaptiveBit(), count: longest)

  /// A code that has learnt nothing.
  package init() {}

  /// Codes a number: an encoder writes `value`, a decoder ignores it.
  ///
  /// - Returns: the number.
  package mutating func code(_ value: Int32 = 0, with coder: inout some BitCoder) -> Int32 {
    let size = Int(value.magnitude)
    var found = 0
    while found < Self.unary, places[found].code(size > found, with: &coder) { found += 1 }
    if found == Self.unary { found += rest(size - Self.unary + 1, with: &coder) - 1 }
    if found > 0, coder.code(value < 0, ones: 1, of: 2) { return -Int32(clamping: found) }
    return Int32(clamping: found)
  }

  /// Codes a number from 1 on.
  private mutating func rest(_ value: Int, with coder: inout some BitCoder) -> Int {
    var length = 0
    while length < Self.longest, lengths[length].code(value >> length > 1, with: &coder) { length += 1 }
    var found = 1
    for place in (0..<length).reversed() {
      found = found << 1 | (coder.code(value >> place & 1 == 1, ones: 1, of: 2) ? 1 : 0)
    }
    return found
  }
}
