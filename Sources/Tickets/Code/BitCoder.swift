import Foundation

/// Turns bits into fewer bytes, or bytes back into bits, given the chances of each bit as whole
/// numbers.
///
/// Who models what is coded says each bit's chances once, for both directions: an encoder writes
/// the bit that it is given, a decoder ignores it, and both return the bit that the bytes hold. It
/// is the binary range coder of LZMA (Igor Pavlov) with a wider range: additions, products and
/// quotients of 64-bit integers alone, so that bytes mean the same on every machine.
package protocol BitCoder {
  /// Codes one bit that is true with chance `ones` / `total`.
  ///
  /// A bit whose chance is 0 or 1 takes nothing.
  ///
  /// - Precondition: 0 ≤ `ones` ≤ `total`, 1 ≤ `total` ≤ 2³², and an encoder's bit can be.
  /// - Returns: the bit.
  mutating func code(_ bit: Bool, ones: UInt64, of total: UInt64) -> Bool
}

extension BitCoder {
  /// Codes a byte of which nothing is known, its highest bit first: eight bits.
  package mutating func byte(_ value: UInt8 = 0) -> UInt8 {
    UInt8(number(UInt64(value), bits: 8))
  }

  /// Codes a number of so many bits of which nothing is known, the highest first.
  package mutating func number(_ value: UInt64 = 0, bits: Int) -> UInt64 {
    (0..<bits).reversed().reduce(0) { found, place in
      found << 1 | (code(value >> UInt64(place) & 1 == 1, ones: 1, of: 2) ? 1 : 0)
    }
  }

  /// Codes bytes of which nothing is known.
  package mutating func bytes(_ values: [UInt8]) -> [UInt8] { values.map { byte($0) } }
}

/// The interval of the range coder: both directions narrow it alike.
enum BitRange {
  /// The range that coding begins with; it never becomes larger.
  static let first: UInt64 = 1 << 56
  /// Below this the range grows by a byte.
  static let least: UInt64 = 1 << 48
  /// Bytes that the range spans.
  static let byteCount = 7

  /// The part of the range that stands for true.
  static func cut(_ range: UInt64, _ ones: UInt64, _ total: UInt64) -> UInt64 { range / total * ones }
}

/// Bits counted and not written.
struct BitCounter: BitCoder {
  /// Σ of −log₂ of the chances of all bits so far.
  private(set) var bits = 0.0

  mutating func code(_ bit: Bool, ones: UInt64, of total: UInt64) -> Bool {
    if ones == 0 || ones == total { return ones > 0 }
    bits -= log2(Double(bit ? ones : total - ones) / Double(total))
    return bit
  }
}

/// Bits into bytes.
package struct BitEncoder: BitCoder {
  private var low: UInt64 = 0
  private var range = BitRange.first
  private var bytes: [UInt8] = []

  /// An encoder that has written nothing.
  package init() {}

  package mutating func code(_ bit: Bool, ones: UInt64, of total: UInt64) -> Bool {
    if ones == 0 || ones == total { return ones > 0 }
    let cut = BitRange.cut(range, ones, total)
    if bit {
      range = cut
    } else {
      low += cut
      range -= cut
      carry()
    }
    while range < BitRange.least {
      bytes.append(UInt8(low >> 48))
      low = low << 8 & (BitRange.first - 1)
      range <<= 8
    }
    return bit
  }

  /// Carries an overflow of `low` into the bytes that are written.
  private mutating func carry() {
    guard low >= BitRange.first else { return }
    low -= BitRange.first
    var last = bytes.count - 1
    while bytes[last] == 255 {
      bytes[last] = 0
      last -= 1
    }
    bytes[last] += 1
  }

  /// Ends the coding.
  ///
  /// - Returns: all bytes; the last ones are as few as tell the interval, given that a decoder
  ///   reads zeros behind them.
  package consuming func finish() -> [UInt8] {
    var count = 1
    var rounded = low
    while count < BitRange.byteCount {
      let below = (UInt64(1) << UInt64(8 * (BitRange.byteCount - count))) - 1
      rounded = (low + below) & ~below
      if rounded - low < range { break }
      rounded = low
      count += 1
    }
    low = rounded
    carry()
    for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: low >> UInt64(48 - 8 * place))) }
    return bytes
  }
}

/// Bytes into bits.
package struct BitDecoder: BitCoder {
  private let bytes: [UInt8]
  private var position = 0
  private var range = BitRange.first
  /// How far into the range the bytes point.
  private var offset: UInt64 = 0

  /// A decoder at the start of all bytes that an encoder wrote; behind them it reads zeros.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    for _ in 0..<BitRange.byteCount { offset = offset << 8 | next() }
  }

  /// Bytes that nothing has been read from yet: none once all that was coded is read.
  package var unread: Int { max(0, bytes.count - position) }

  /// Whether more has been read than was ever coded in these bytes.
  package var isExhausted: Bool { position > bytes.count + BitRange.byteCount }

  private mutating func next() -> UInt64 {
    defer { position += 1 }
    return position < bytes.count ? UInt64(bytes[position]) : 0
  }

  package mutating func code(_ bit: Bool = false, ones: UInt64, of total: UInt64) -> Bool {
    if ones == 0 || ones == total { return ones > 0 }
    let cut = BitRange.cut(range, ones, total)
    let found = offset < cut
    if found {
      range = cut
    } else {
      offset -= cut
      range -= cut
    }
    while range < BitRange.least {
      offset = offset << 8 | next()
      range <<= 8
    }
    return found
  }
}
