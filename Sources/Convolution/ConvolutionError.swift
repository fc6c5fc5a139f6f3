/// What can be wrong with tensors, layers and networks, said before anything is computed.
public enum ConvolutionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A size that is negative, zero where it may not be, or whose product overflows.
  case invalidSize(of: String, expected: String, found: String)
  /// Shapes that do not fit together at a layer.
  case shapeMismatch(at: String, expected: String, found: String)
  /// A graph that is not one: a missing input, a node that reads a later one, a wrong number of
  /// inputs.
  case invalidGraph(node: String, expected: String, found: String)
  /// A value that is not finite.
  case notFinite(at: String, index: Int)

  public var description: String {
    switch self {
    case .invalidSize(let of, let expected, let found): "\(of): expected \(expected), found \(found)"
    case .shapeMismatch(let at, let expected, let found): "\(at): expected \(expected), found \(found)"
    case .invalidGraph(let node, let expected, let found): "node '\(node)': expected \(expected), found \(found)"
    case .notFinite(let at, let index): "\(at): expected finite numbers, found NaN or infinity at index \(index)"
    }
  }
}

/// The product of sizes, or nil when one is negative or the product (or 8 bytes of each) overflows.
///
/// With a zero among them the product is 0, but the others must still multiply without overflow:
/// loops run over them.
func elementCount(_ sizes: Int...) -> Int? {
  var product = 1
  var isEmpty = false
  for size in sizes {
    if size < 0 { return nil }
    if size == 0 {
      isEmpty = true
      continue
    }
    let (next, overflow) = product.multipliedReportingOverflow(by: size)
    if overflow { return nil }
    product = next
  }
  if product.multipliedReportingOverflow(by: 8).overflow { return nil }
  return isEmpty ? 0 : product
}
