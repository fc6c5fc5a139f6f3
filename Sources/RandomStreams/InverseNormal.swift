#if canImport(Glibc)
  import Glibc  // the square root's symbol
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Words to normals: one N(0, 1) from one 64-bit word, by inversion, with correctly rounded + − × ÷
/// √ alone.
///
/// With k = word div 2¹¹, the word stands for the centre of the k-th of 2⁵³ equal cells of (0, 1),
/// written about the median: q = (2k + 1 − 2⁵³) · 2⁻⁵⁴, exact in Float64. The normal is Φ⁻¹(1/2 +
/// q). Complementing the word negates it; its magnitude lies in [1.39e-16, 8.30], and the relative
/// precision is kept both near 0 and in either tail, since 1/2 − |q| is exact too.
///
/// Φ⁻¹ is M. J. Wichura's PPND16 ("Algorithm AS 241: the percentage points of the normal
/// distribution", Applied Statistics 37, 1988, 477–484). Postcondition: |result − Φ⁻¹(1/2 + q)| <=
/// 1e-15 · |Φ⁻¹(1/2 + q)|.
///
/// This is the reference: the C kernels do the same operations in the same order. Never use a fused
/// multiply-add here.
package enum InverseNormal {
  /// The normal that `word` becomes. About 50 ns.
  package static func normal(ofWord word: UInt64) -> Double {
    quantile(centered: centered(ofWord: word))
  }

  /// q of the text above.
  package static func centered(ofWord word: UInt64) -> Double {
    Double(2 * Int64(word >> 11) + 1 - (1 << 53)) * 0x1p-54
  }

  /// Φ⁻¹(1/2 + q), for q a centred word.
  static func quantile(centered q: Double) -> Double {
    if q.magnitude <= 0.425 {
      let r = 0.180625 - q * q
      return q * polynomial(centralNumerator, r) / polynomial(centralDenominator, r)
    }
    let depth = negativeLogarithm(0.5 - q.magnitude).squareRoot()
    let magnitude: Double
    if depth <= 5.0 {
      let r = depth - 1.6
      magnitude = polynomial(middleNumerator, r) / polynomial(middleDenominator, r)
    } else {
      let r = depth - 5.0
      magnitude = polynomial(farNumerator, r) / polynomial(farDenominator, r)
    }
    return q < 0 ? -magnitude : magnitude
  }

  /// −log p for 2⁻⁵⁴ <= p <= 1/2, within 2 units in the last place.
  ///
  /// p = m · 2⁻ᵏ with m in [√½, √2), split by the bits; log m = 2 artanh s with s = (m − 1)/(m +
  /// 1), by its series up to s¹⁹: |s| < 0.1716, so the rest is below 1e-17 while the result is at
  /// least 0.69. log 2 has two parts, the upper of 32 bits, so its product with k is exact.
  static func negativeLogarithm(_ p: Double) -> Double {
    let biased = (p.bitPattern &- 0x3FE6_A09E_667F_3BCD &+ 0x3FF0_0000_0000_0000) >> 52  // 1023 − k
    let m = Double(bitPattern: p.bitPattern &- (biased << 52) &+ 0x3FF0_0000_0000_0000)
    let k = 1023 - Double(biased)
    let s = (m - 1) / (m + 1)
    let z = s * s
    var series = 1.0 / 19
    series = series * z + 1.0 / 17
    series = series * z + 1.0 / 15
    series = series * z + 1.0 / 13
    series = series * z + 1.0 / 11
    series = series * z + 1.0 / 9
    series = series * z + 1.0 / 7
    series = series * z + 1.0 / 5
    series = series * z + 1.0 / 3
    let twice = s + s
    let logarithm = twice + twice * (z * series)
    return k * 0x1.62e42feep-1 + (k * 0x1.a39ef35793c76p-33 - logarithm)
  }

  /// Σ c[i] xⁱ by Horner's rule.
  private static func polynomial(_ c: [Double], _ x: Double) -> Double {
    ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0]
  }

  // For |q| <= 0.425: polynomials in 0.425² − q².
  private static let centralNumerator = [
    3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
    45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ]
  private static let centralDenominator = [
    1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
    21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
  ]
  // For d = √(−log(1/2 − |q|)) <= 5: polynomials in d − 1.6.
  private static let middleNumerator = [
    1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
    1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
  ]
  private static let middleDenominator = [
    1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
    0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
  ]
  // For larger d: polynomials in d − 5.
  private static let farNumerator = [
    6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
    0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ]
  private static let farDenominator = [
    1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
  ]
}
