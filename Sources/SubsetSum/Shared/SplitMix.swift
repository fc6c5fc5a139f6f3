/// Fixed pseudo-random bits: the generator SplitMix64 (Steele, Lea and Flood 2014), addressed by a
/// number instead of carrying a state.
enum SplitMix {
  /// The step between two states of the generator: 2⁶⁴ divided by the golden ratio, made odd.
  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The generator's finaliser, a bijection of 64-bit numbers in which every bit of the result
  /// depends on all bits of the argument.
  @inline(__always) static func mix(_ number: UInt64) -> UInt64 {
    var z = number
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Number `counter`, from 1, of the sequence that starts from state 0.
  @inline(__always) static func value(_ counter: UInt64) -> UInt64 { mix(counter &* step) }

  /// Number `index` of sequence `sequence`. Both are below 2³².
  static func draw(_ sequence: Int, _ index: Int) -> UInt64 {
    value(UInt64(truncatingIfNeeded: sequence) << 32 &+ UInt64(truncatingIfNeeded: index) &+ 1)
  }
}
