#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// The C library's functions of numbers, so that no other file of the room has to import it for
// them.

/// log₂ x.
func logarithm2(_ x: Double) -> Double { log2(x) }

/// ln x.
func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// 2^x.
func exponential2(_ x: Double) -> Double { exp2(x) }

/// x^y.
func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }

/// The error function, 2/√π times the integral of exp(−t²) from 0 to x.
func errorFunction(_ x: Double) -> Double { erf(x) }

/// ln Γ(x) for x > 0. Unlike C's `lgamma` it may be called from several threads at once.
package func logGamma(_ x: Double) -> Double {
  var sign: Int32 = 0
  return lgamma_r(x, &sign)
}

/// ln C(n, k) = ln n! − ln k! − ln (n−k)!, for 0 ≤ k ≤ n.
package func logBinomial(_ n: Double, _ k: Double) -> Double {
  logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
}

/// 2^exponent, for exponents from −1022 to 1023.
@inline(__always) func powerOfTwo(_ exponent: Int) -> Double {
  Double(sign: .plus, exponent: exponent, significand: 1)
}

/// x·2^exponent for any exponent, rounded once where the result is not a normal number.
func scaled(_ value: Double, by exponent: Int) -> Double { scalbn(value, Int32(clamping: exponent)) }

extension Int {
  /// The number without its fraction. The nearest `Int` stands for one that is out of range, and 0
  /// for NaN.
  init(saturating value: Double) {
    self = Int(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : value < 0 ? .min : 0)
  }
}
