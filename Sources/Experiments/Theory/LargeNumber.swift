import Foundation

/// A positive number held by its logarithm, since widths that theorems ask for leave the range of
/// Double.
public struct LargeNumber: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// log₁₀ of the number.
  public let log10: Double

  /// The number 10^`log10`.
  public init(log10: Double) { self.log10 = log10 }

  /// From the natural logarithm.
  public init(logarithm: Double) { self.init(log10: logarithm / Foundation.log(10)) }

  /// A number above 0.
  public init(_ value: Double) { self.init(log10: Foundation.log10(value)) }

  /// The number itself, nil where it lies outside 1e-300 … 1e300.
  ///
  /// Its relative error is about |log10| · 2⁻⁵⁰.
  public var value: Double? { abs(log10) > 300 ? nil : pow(10, log10) }

  public static func < (left: LargeNumber, right: LargeNumber) -> Bool { left.log10 < right.log10 }

  /// The product: a sum of logarithms.
  public static func * (left: LargeNumber, right: LargeNumber) -> LargeNumber {
    LargeNumber(log10: left.log10 + right.log10)
  }

  /// Four digits, or a power of ten.
  public var description: String {
    value.map { String(format: "%.4g", $0) } ?? String(format: "10^%.6g", log10)
  }
}
