/// Streams of independent standard normals: entry k of a stream is made of its word k alone (see
/// ``StreamAddress``).
///
/// ```swift
/// let address = WeightAddress.scalars(seed: 7, block: 1, channel: 0)
/// var scalars = [Float](repeating: 0, count: 10)
/// scalars.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: address) }
/// let last = NormalStream.value(at: address, entry: 9)  // Float(last) is scalars[9]
/// ```
///
/// A Float64 entry is Φ⁻¹ of the word (formula and bounds: `InverseNormal`); a Float32 entry, as
/// all weights are, is the Float64 entry rounded once to nearest even. No entry is 0 and none
/// exceeds 8.30 in magnitude. The bits depend on the address and the index only: not on the
/// processor, the order of calls, or how a range is cut into fills.
///
/// Fills allocate nothing, use about 15 kB of stack, and may run on any number of threads at once.
/// They cost about 4 ns an entry with AVX-512, 5 ns with AVX2 and 7 ns otherwise, on one core at
/// 3.7 GHz. A row that does not begin and end at multiples of four entries costs at most two more
/// blocks of four.
public enum NormalStream {
  /// Entry `entry` of the stream at `address`, by the Swift reference, bit for bit what the fills
  /// write.
  ///
  /// - Complexity: O(1), about 60 ns.
  /// - Precondition: `entry >= 0`.
  public static func value(at address: StreamAddress, entry: Int) -> Double {
    InverseNormal.normal(ofWord: address.word(entry))
  }

  /// values[k] = entry (`start` + k) of the stream at `address`, rounded to Float32.
  ///
  /// - Precondition: `start >= 0` and `start + values.count` does not overflow. `start` need not be
  ///   a multiple of 4.
  /// - Complexity: O(`values.count`).
  public static func fill(
    _ values: UnsafeMutableBufferPointer<Float>, at address: StreamAddress, startingAt start: Int = 0
  ) {
    StreamKernel.best.fill(values, with: .normal, at: address, startingAt: start)
  }

  /// values[k] = entry (`start` + k) of the stream at `address`, unrounded.
  ///
  /// - Precondition: `start >= 0` and `start + values.count` does not overflow. `start` need not be
  ///   a multiple of 4.
  /// - Complexity: O(`values.count`).
  public static func fill(
    _ values: UnsafeMutableBufferPointer<Double>, at address: StreamAddress, startingAt start: Int = 0
  ) {
    StreamKernel.best.fill(values, with: .normal, at: address, startingAt: start)
  }

  /// A row a filter: values[r · leadingDimension + k] = entry (`start` + k) of the stream at
  /// `address` with its `path.filter` replaced by `filters[r]`, for 0 <= k < `columns`, rounded to
  /// Float32.
  ///
  /// What lies between the rows is left as it was. `filters` may repeat and be in any order;
  /// `address.path.filter` is not read. With `address` a `WeightAddress.slice` and `columns` =
  /// d²·c_out, row r is the slice of filter `filters[r]`.
  ///
  /// - Complexity: O(`filters.count` · `columns`).
  /// - Precondition: `start`, `columns` >= 0, `start + columns` does not overflow, `columns <=
  ///   leadingDimension`, and the last row ends within `values`.
  public static func fillRows(
    _ values: UnsafeMutableBufferPointer<Float>, leadingDimension: Int, columns: Int,
    filters: UnsafeBufferPointer<UInt32>, at address: StreamAddress, startingAt start: Int = 0
  ) {
    StreamKernel.best.fillRows(
      values, leadingDimension: leadingDimension, columns: columns, filters: filters, with: .normal, at: address,
      startingAt: start)
  }

  /// A row a filter, as the Float32 form of this function, unrounded.
  public static func fillRows(
    _ values: UnsafeMutableBufferPointer<Double>, leadingDimension: Int, columns: Int,
    filters: UnsafeBufferPointer<UInt32>, at address: StreamAddress, startingAt start: Int = 0
  ) {
    StreamKernel.best.fillRows(
      values, leadingDimension: leadingDimension, columns: columns, filters: filters, with: .normal, at: address,
      startingAt: start)
  }
}
