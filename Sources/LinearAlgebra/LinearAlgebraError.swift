/// What can be wrong with a call of this library, said before anything is computed.
public enum LinearAlgebraError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Operand shapes that do not fit together.
  case shapeMismatch(operation: String, expected: String, found: String)
  /// A size above what a 32-bit CBLAS integer can hold.
  case tooLarge(operation: String, quantity: String, found: Int)
  /// A negative size, or one whose element count overflows.
  case invalidShape(operation: String, rows: Int, columns: Int)
  /// A number outside of what it may be.
  case outOfRange(_ quantity: String, expected: String, found: Int)
  /// An output that overlaps an input in memory.
  case aliasedOutput(operation: String)

  public var description: String {
    switch self {
    case .shapeMismatch(let operation, let expected, let found):
      "\(operation): expected \(expected), found \(found)"
    case .tooLarge(let operation, let quantity, let found):
      "\(operation): expected \(quantity) of at most \(Int32.max) (CBLAS integers have 32 bits), found \(found)"
    case .invalidShape(let operation, let rows, let columns):
      "\(operation): expected sizes ≥ 0 whose product fits, found \(rows) × \(columns)"
    case .outOfRange(let quantity, let expected, let found):
      "\(quantity): expected \(expected), found \(found)"
    case .aliasedOutput(let operation):
      "\(operation): expected an output apart from the inputs in memory, found them overlapping"
    }
  }
}
