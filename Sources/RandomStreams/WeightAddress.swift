/// Where each weight of the random network lives.
///
/// ```swift
/// let address = WeightAddress.slice(seed: 7, block: 1, channel: 0, filter: 3)
/// var slice = [Float](repeating: 0, count: 3 * 3 * 8)
/// slice.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: address) }
/// let entry = slice[(1 * 3 + 2) * 8 + 5]  // row 1, column 2, output 5
/// ```
///
/// The network has 2ℓ layers, two for each block i = 1 … ℓ of the target's convolutions. Layer 2i −
/// 1 scales: it holds one scalar u_q for each hidden filter q of each input channel t. Layer 2i
/// convolves: it holds one d × d × c_out slice V_q for each of them. Block i, input channel t and
/// hidden filter q count from 1, 0 and 0. All weights are N(0, 1), rounded to Float32.
///
/// | weight | `filter` | `channel` | `layer` | entry |
/// | --- | --- | --- | --- | --- |
/// | u_q | 0 | t | 2i − 1 | q |
/// | V_q[r, s, o] | q | t | 2i | (r · d + s) · c_out + o |
///
/// So the scalars of a channel are one stream, and a slice is one stream in HWIO order (height,
/// width, output).
public enum WeightAddress {
  /// The stream of the scalars u_0, u_1, … of input channel `channel` of block `block`.
  ///
  /// - Complexity: O(1).
  /// - Precondition: `block >= 1`, `channel >= 0`.
  public static func scalars(seed: UInt64, block: Int, channel: Int) -> StreamAddress {
    StreamAddress(
      seed: seed,
      path: StreamPath(filter: 0, channel: word(channel, "an input channel"), layer: evenLayer(block) - 1))
  }

  /// The stream of the slice V_filter of input channel `channel` of block `block`, in HWIO order.
  ///
  /// - Complexity: O(1).
  /// - Precondition: `block >= 1`, `channel >= 0`, `filter >= 0`.
  public static func slice(seed: UInt64, block: Int, channel: Int, filter: Int) -> StreamAddress {
    StreamAddress(
      seed: seed,
      path: StreamPath(
        filter: word(filter, "a hidden filter"), channel: word(channel, "an input channel"), layer: evenLayer(block)))
  }

  private static func evenLayer(_ block: Int) -> UInt64 {
    precondition(block >= 1, "a block is at least 1, found \(block)")
    return 2 * UInt64(block)
  }

  private static func word(_ index: Int, _ name: String) -> UInt64 {
    precondition(index >= 0, "\(name) is at least 0, found \(index)")
    return UInt64(index)
  }
}
