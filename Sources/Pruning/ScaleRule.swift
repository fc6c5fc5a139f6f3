import Foundation

/// The scalar per layer by which a target's kernel is divided before the search: fixed from the target alone.
///
/// A ReLU network is positively homogeneous, so K may be replaced by K/s and the product restored behind it.
/// The finest residual a search reaches is set by the random vectors, not by the target's size; a larger
/// K/s therefore makes the error in the target's units, s times the residual, smaller, until reaching K/s
/// itself uses up too many vectors. s is a power of two, so dividing and restoring are exact.
public struct ScaleRule: Sendable, Hashable {
  /// K/s has a largest entry in (largestEntry/2, largestEntry].
  public var largestEntry: Double

  /// The rule of weights mode. The value was measured on the shipped target, see ARCHITECTURE.md.
  public static let standard = ScaleRule(largestEntry: 256)

  public init(largestEntry: Double) {
    precondition(largestEntry.isFinite && largestEntry > 0, "a scale rule needs a positive largest entry")
    self.largestEntry = largestEntry
  }

  /// s = 2^⌈log2(‖K‖_max / largestEntry)⌉ for a kernel; 1 for a kernel of zeros. Kept within 2^±64.
  public func scale(for kernel: [Float]) -> Double {
    let largest = kernel.reduce(0) { max($0, Double(abs($1))) }
    if largest == 0 { return 1 }
    let ratio = largest / largestEntry
    // The exponent read from the bits: no logarithm decides a scale.
    let exponent = ratio.significand == 1 ? Int(ratio.exponent) : Int(ratio.exponent) + 1
    return Double(sign: .plus, exponent: min(64, max(-64, exponent)), significand: 1)
  }
}
