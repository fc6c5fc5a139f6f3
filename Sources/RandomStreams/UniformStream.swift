/// Streams of raw words and of independent uniforms: entry k of a stream is made of its word k
/// alone.
///
/// With k = word div 2¹¹, 0 <= k < 2⁵³:
///
/// - `fill` writes k · 2⁻⁵³, in [0, 1); it can be 0 and is never 1;
/// - `fillSymmetric` writes (2k + 1 − 2⁵³) · 2⁻⁵³, in (−1, 1); it is never 0 or ±1, and
///   complementing the word negates it.
///
/// Both are exact. Fills allocate nothing and cost about 2 ns an entry.
public enum UniformStream {
  /// Entry `entry` of the stream at `address`, U[0, 1), by the Swift reference.
  ///
  /// - Precondition: `entry >= 0`.
  public static func value(at address: StreamAddress, entry: Int) -> Double {
    Double(address.word(entry) >> 11) * 0x1p-53
  }

  /// Entry `entry` of the stream at `address`, U(−1, 1), by the Swift reference.
  ///
  /// - Precondition: `entry >= 0`.
  public static func symmetricValue(at address: StreamAddress, entry: Int) -> Double {
    2 * InverseNormal.centered(ofWord: address.word(entry))
  }

  /// values[k] = entry (`start` + k) of the stream at `address`, U[0, 1).
  ///
  /// - Precondition: `start >= 0` and `start + values.count` does not overflow.
  public static func fill(
    _ values: UnsafeMutableBufferPointer<Double>, at address: StreamAddress, startingAt start: Int = 0
  ) {
    StreamKernel.best.fill(values, with: .uniform, at: address, startingAt: start)
  }

  /// values[k] = entry (`start` + k) of the stream at `address`, U(−1, 1).
  ///
  /// - Precondition: `start >= 0` and `start + values.count` does not overflow.
  public static func fillSymmetric(
    _ values: UnsafeMutableBufferPointer<Double>, at address: StreamAddress, startingAt start: Int = 0
  ) {
    StreamKernel.best.fill(values, with: .symmetric, at: address, startingAt: start)
  }

  /// words[k] = word (`start` + k) of the stream at `address`.
  ///
  /// - Precondition: `start >= 0` and `start + words.count` does not overflow.
  /// - Complexity: O(`words.count`).
  public static func fillWords(
    _ words: UnsafeMutableBufferPointer<UInt64>, at address: StreamAddress, startingAt start: Int = 0
  ) {
    StreamKernel.best.fill(words, with: .word, at: address, startingAt: start)
  }
}
