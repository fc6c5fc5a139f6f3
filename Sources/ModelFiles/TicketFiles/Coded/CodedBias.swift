import Files
import Foundation
import Tickets

/// A layer's bias in a coded ticket: floats as they are, or in small files multiples of a power of
/// two, in as many bits as they need.
///
/// Of these first come five plain bits, how many bits a multiple has, or 0 before floats as they
/// are; then eight, the power's exponent + 149; then the multiples, as two's complements.
enum CodedBias {
  private static let widthBits = 5
  private static let exponentBits = 8
  /// The exponent of the least power.
  private static let leastExponent = -149
  /// No multiple has more bits.
  private static let greatestWidth = 24

  /// Codes a bias of so many numbers; what the numbers are, only an encoder must know.
  static func code(_ bias: [Float], isSmall: Bool, with coder: inout some BitCoder) -> [Float] {
    let form = isSmall ? form(of: bias) : nil
    let width = isSmall ? Int(coder.number(UInt64(form?.width ?? 0), bits: widthBits)) : 0
    if width == 0 {
      return ElementCoding.decode(
        Float.self, from: Data(bias.flatMap { coder.bytes([UInt8](ElementCoding.encode([$0]))) }))
    }
    let stated = UInt64((form?.exponent ?? leastExponent) - leastExponent)
    let exponent = Int(coder.number(stated, bits: exponentBits)) + leastExponent
    let mask = (UInt64(1) << UInt64(width)) - 1
    return bias.map { value in
      let multiple = form.map { Int64(scalbn(Double(value), -$0.exponent)) } ?? 0
      let found = coder.number(UInt64(bitPattern: multiple) & mask, bits: width)
      let isNegative = found >> UInt64(width - 1) == 1
      return Float(scalbn(Double(Int64(bitPattern: isNegative ? found | ~mask : found)), exponent))
    }
  }

  /// The largest power of two of which all numbers are multiples, and the bits that these take; nil
  /// where they take too many.
  private static func form(of bias: [Float]) -> (exponent: Int, width: Int)? {
    let exponents = bias.compactMap { $0 == 0 ? nil : Int($0.exponent) - $0.significandWidth }
    // A zero with a sign is no multiple.
    guard let exponent = exponents.min(), bias.allSatisfy({ $0.isFinite && ($0 != 0 || $0.sign == .plus) }),
      exponent - leastExponent < 1 << exponentBits
    else { return nil }
    let largest = bias.reduce(0) { max($0, scalbn(Double($1.magnitude), -exponent)) }
    guard largest < Double(1 << (greatestWidth - 1)) else { return nil }
    return (exponent, 65 - Int64(largest).leadingZeroBitCount)
  }
}
