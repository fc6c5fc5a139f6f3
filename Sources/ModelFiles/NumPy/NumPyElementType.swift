/// The element types of NumPy arrays that are read and written here.
public enum NumPyElementType: String, Sendable, CaseIterable, CustomStringConvertible {
  case boolean = "b1"
  case int8 = "i1"
  case uint8 = "u1"
  case int16 = "i2"
  case uint16 = "u2"
  case int32 = "i4"
  case uint32 = "u4"
  case int64 = "i8"
  case uint64 = "u8"
  case float32 = "f4"
  case float64 = "f8"

  /// The size of one element in bytes.
  public var size: Int {
    switch self {
    case .boolean, .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// NumPy's name without a byte order: `f4`.
  public var description: String { rawValue }

  /// NumPy's name with a byte order, as a file states it: `<f4`, or `|u1` where there is nothing to
  /// order.
  var descriptor: String { (size == 1 ? "|" : "<") + rawValue }
}
