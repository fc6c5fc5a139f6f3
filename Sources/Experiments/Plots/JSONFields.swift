import Files
import Foundation

/// The fields of a JSON object from a file; what is not as expected is an error with the file and
/// the way to the key.
struct JSONFields: Sendable {
  let source: String
  let location: [FileError.Location]
  private let fields: [String: JSONValue]

  /// The object that a file is.
  ///
  /// - Throws: `FileError` of kind `malformed` for bytes that are no JSON, `tooLarge` for a text
  ///   beyond the limits of `JSONText`, `wrongType` for another value than an object.
  init(_ data: Data, source: String) throws(FileError) {
    try self.init(try JSONText.value(of: data, source: source), source: source, location: [])
  }

  private init(_ value: JSONValue, source: String, location: [FileError.Location]) throws(FileError) {
    guard case .object(let fields) = value else {
      throw FileError(
        .wrongType, source: source, at: location, expected: "a JSON object", found: value.summary)
    }
    (self.source, self.location, self.fields) = (source, location, fields)
  }

  private func error(_ key: String, expected: String) -> FileError {
    FileError(
      fields[key] == nil ? .missing : .wrongType, source: source, at: location + [.key(key)], expected: expected,
      found: fields[key]?.summary ?? "no such key")
  }

  /// The largest number that is read: sums and ratios of such fit Double, and axes have room around
  /// them.
  static let largestNumber = 1e150

  /// A number from 0 to `largestNumber`; nil for null or an absent key.
  func optionalNumber(_ key: String) throws(FileError) -> Double? {
    switch fields[key] {
    case nil, .null: return nil
    default: return try number(key, expected: "a number from 0 to \(Self.largestNumber), or null")
    }
  }

  /// A number from 0 to `largestNumber`.
  func number(_ key: String) throws(FileError) -> Double {
    try number(key, expected: "a number from 0 to \(Self.largestNumber)")
  }

  private func number(_ key: String, expected: String) throws(FileError) -> Double {
    guard case .number(let value) = fields[key], (0...Self.largestNumber).contains(value) else {
      throw error(key, expected: expected)
    }
    return value
  }

  /// The largest whole number that is read: sums of many still fit Int.
  static let largestInteger = 1 << 40

  /// A whole number from `least` to `largestInteger`.
  func integer(_ key: String, least: Int) throws(FileError) -> Int {
    guard case .number(let value) = fields[key], value >= Double(least), value <= Double(Self.largestInteger),
      value == value.rounded()
    else { throw error(key, expected: "a whole number from \(least) to \(Self.largestInteger)") }
    return Int(value)
  }

  /// A fraction from 0 to 1; nil for null or an absent key.
  func optionalFraction(_ key: String) throws(FileError) -> Double? {
    guard let value = try optionalNumber(key) else { return nil }
    guard (0...1).contains(value) else { throw error(key, expected: "a number from 0 to 1, or null") }
    return value
  }

  func bool(_ key: String) throws(FileError) -> Bool {
    guard case .bool(let value) = fields[key] else { throw error(key, expected: "true or false") }
    return value
  }

  /// The longest text that is read, in bytes of UTF-8: names, and reasons of a sentence or two.
  static let longestText = 4096

  func text(_ key: String) throws(FileError) -> String {
    try text(key, expected: "a text of at most \(Self.longestText) bytes")
  }

  /// A text; nil for null or an absent key.
  func optionalText(_ key: String) throws(FileError) -> String? {
    switch fields[key] {
    case nil, .null: return nil
    default: return try text(key, expected: "a text of at most \(Self.longestText) bytes, or null")
    }
  }

  private func text(_ key: String, expected: String) throws(FileError) -> String {
    guard case .text(let value) = fields[key], value.utf8.count <= Self.longestText else {
      throw error(key, expected: expected)
    }
    return value
  }

  /// A text that is one of a type's values.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ type: Choice.Type
  ) throws(FileError) -> Choice where Choice.RawValue == String {
    guard case .text(let value) = fields[key], let choice = Choice(rawValue: value) else {
      throw error(key, expected: Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or "))
    }
    return choice
  }

  /// A list of objects.
  func objects(_ key: String) throws(FileError) -> [JSONFields] {
    guard case .list(let values) = fields[key] else { throw error(key, expected: "a list of objects") }
    var made: [JSONFields] = []
    for (index, value) in values.enumerated() {
      made.append(try JSONFields(value, source: source, location: location + [.key("\(key)[\(index)]")]))
    }
    return made
  }

  /// A list of objects; empty for null or an absent key.
  func optionalObjects(_ key: String) throws(FileError) -> [JSONFields] {
    switch fields[key] {
    case nil, .null: return []
    default: return try objects(key)
    }
  }

  /// A list of whole numbers from 0 to `largestInteger`.
  func integers(_ key: String) throws(FileError) -> [Int] {
    guard case .list(let values) = fields[key] else { throw error(key, expected: "a list of whole numbers") }
    var made: [Int] = []
    for value in values {
      guard case .number(let number) = value, number >= 0, number <= Double(Self.largestInteger),
        number == number.rounded()
      else { throw error(key, expected: "whole numbers from 0 to \(Self.largestInteger)") }
      made.append(Int(number))
    }
    return made
  }
}
