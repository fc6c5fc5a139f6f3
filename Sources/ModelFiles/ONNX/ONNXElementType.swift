import Files

/// The element types of the ONNX format, by the format's numbers. Values are read and written of
/// five of them only, see ``ONNXTensor/Values``; the others are known so that they can be named.
public enum ONNXElementType: Int32, Sendable, CaseIterable, CustomStringConvertible {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case boolean = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16
  case float8E4M3FN = 17
  case float8E4M3FNUZ = 18
  case float8E5M2 = 19
  case float8E5M2FNUZ = 20
  case uint4 = 21
  case int4 = 22
  case float4E2M1 = 23
  case float8E8M0 = 24
  case uint2 = 25
  case int2 = 26
  case float6E2M3 = 27
  case float6E3M2 = 28

  /// The format's name, such as `FLOAT16`.
  public var description: String {
    switch self {
    case .float32: "FLOAT"
    case .uint8: "UINT8"
    case .int8: "INT8"
    case .uint16: "UINT16"
    case .int16: "INT16"
    case .int32: "INT32"
    case .int64: "INT64"
    case .string: "STRING"
    case .boolean: "BOOL"
    case .float16: "FLOAT16"
    case .float64: "DOUBLE"
    case .uint32: "UINT32"
    case .uint64: "UINT64"
    case .complex64: "COMPLEX64"
    case .complex128: "COMPLEX128"
    case .bfloat16: "BFLOAT16"
    case .float8E4M3FN: "FLOAT8E4M3FN"
    case .float8E4M3FNUZ: "FLOAT8E4M3FNUZ"
    case .float8E5M2: "FLOAT8E5M2"
    case .float8E5M2FNUZ: "FLOAT8E5M2FNUZ"
    case .uint4: "UINT4"
    case .int4: "INT4"
    case .float4E2M1: "FLOAT4E2M1"
    case .float8E8M0: "FLOAT8E8M0"
    case .uint2: "UINT2"
    case .int2: "INT2"
    case .float6E2M3: "FLOAT6E2M3"
    case .float6E3M2: "FLOAT6E3M2"
    }
  }

  /// The type of the format's number, or an error that names it.
  static func named(_ number: Int32, at place: [FileError.Location], _ source: String) throws(FileError) -> Self {
    guard let type = Self(rawValue: number) else {
      throw FileError(
        .unsupported, source: source, at: place, expected: "an element type of ONNX",
        found: number == 0 ? "none" : "number \(number)")
    }
    return type
  }
}
