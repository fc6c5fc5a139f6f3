/// Arithmetic on sizes that come from a file, where every step may overflow.
package enum CheckedSizes {
  /// The number of elements of `shape`, or nil if a dimension is negative or a product overflows.
  ///
  /// A shape that contains a zero has no elements, but its other dimensions must still multiply
  /// without overflow: strides are made from them.
  package static func elementCount(_ shape: [Int]) -> Int? {
    var product = 1
    var isEmpty = false
    for dimension in shape {
      if dimension < 0 { return nil }
      if dimension == 0 {
        isEmpty = true
        continue
      }
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      product = next
    }
    return isEmpty ? 0 : product
  }

  /// The number of bytes of `shape` with elements of `bits` bits, or nil on overflow or where the
  /// last byte would be only partly used.
  package static func byteCount(_ shape: [Int], bitsPerElement bits: Int) -> Int? {
    guard let count = elementCount(shape) else { return nil }
    let (total, overflow) = count.multipliedReportingOverflow(by: bits)
    return overflow || total % 8 != 0 ? nil : total / 8
  }

  /// The sum of non-negative sizes, or nil on overflow.
  package static func sum(_ sizes: Int...) -> Int? {
    var total = 0
    for size in sizes {
      let (next, overflow) = total.addingReportingOverflow(size)
      if overflow { return nil }
      total = next
    }
    return total
  }

  /// A shape as text, `(3, 4)`; all but the first 64 dimensions are left out.
  package static func text(_ shape: [Int]) -> String {
    "(" + shape.prefix(64).map(String.init).joined(separator: ", ") + (shape.count > 64 ? ", …)" : ")")
  }
}
