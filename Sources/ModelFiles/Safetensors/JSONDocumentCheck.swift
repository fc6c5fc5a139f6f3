import Files

extension JSONCursor {
  /// How deep arrays and objects may lie inside each other in the JSON of this project's files.
  private static let greatestDepth = 64

  /// Walks over a whole JSON text of any shape: valid, no key twice in an object, no more than 64
  /// levels deep.
  ///
  /// Decoders of the system's library let the last of equal keys win, so that two readers could see
  /// two files.
  ///
  /// - Throws: `FileError` at the byte where the text breaks a rule.
  mutating func checkDocument() throws(FileError) {
    try checkValue(depth: 0)
    try finish()
  }

  private mutating func checkValue(depth: Int) throws(FileError) {
    guard depth <= Self.greatestDepth else {
      throw fault("at most \(Self.greatestDepth) levels of arrays and objects")
    }
    switch next {
    case UInt8(ascii: "{"):
      try object { (json, _, _) throws(FileError) in try json.checkValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try array { (json) throws(FileError) in try json.checkValue(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    default: try literal()
    }
  }

  /// A number, or one of JSON's three words.
  private mutating func literal() throws(FileError) {
    let text = takeLetters()
    switch text {
    case "true", "false", "null": return
    default:
      // What numbers are beyond the characters of one is left to whoever needs their value.
      guard let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
        Double(text) != nil
      else { throw fault("a JSON value") }
    }
  }
}
