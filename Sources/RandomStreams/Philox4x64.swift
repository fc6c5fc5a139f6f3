/// The counter-based generator Philox4x64 with ten rounds: a bijection of 256-bit counters for
/// every 128-bit key.
///
/// J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1,
/// 2, 3", SC11, 2011. This is the reference, a block at a time in plain Swift; fills go through the
/// C kernels, which make the same bits.
///
/// `numpy.random.Philox(counter=c, key=k).random_raw(n)` is the same function, except that NumPy
/// adds one to the 256-bit counter before each block: its first four words are `block(counter: c +
/// 1, key: k)`.
public enum Philox4x64 {
  /// The four 64-bit words of one block.
  ///
  /// Word 0 of `counter` is its least significant word. About 10 ns.
  public static func block(counter: SIMD4<UInt64>, key: SIMD2<UInt64>) -> SIMD4<UInt64> {
    var x = counter
    var key = key
    for _ in 0..<10 {
      let product0 = (0xD2E7_470E_E14C_6C93 as UInt64).multipliedFullWidth(by: x[0])
      let product1 = (0xCA5A_8263_9512_1157 as UInt64).multipliedFullWidth(by: x[2])
      x = SIMD4(
        product1.high ^ x[1] ^ key[0],
        product1.low,
        product0.high ^ x[3] ^ key[1],
        product0.low)
      key &+= SIMD2(0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B)
    }
    return x
  }
}
