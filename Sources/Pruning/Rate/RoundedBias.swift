import Foundation

/// Biases in few bits: whole multiples of a power of two.
enum RoundedBias {
  /// Bits of a multiple, its sign among them. The least are 1/127 of a layer's largest bias apart,
  /// or half that.
  private static let bits = 8

  /// The nearest numbers of so few bits, not all of them 0.
  static func rounded(_ bias: [Double]) -> [Float] {
    let largest = bias.reduce(0) { max($0, abs($1)) }
    let most = Double(1 << (bits - 1)) - 1
    guard largest > 0, largest.isFinite else { return bias.map { _ in Float(0x1p-64) } }
    // The least power of two of which the largest bias is `most` times as much or less.
    var exponent = max(-100, Int((largest / most).exponent))
    while scalbn(largest, -exponent).rounded() > most { exponent += 1 }
    return bias.map { Float(scalbn(scalbn($0, -exponent).rounded(), exponent)) + 0 }
  }
}
