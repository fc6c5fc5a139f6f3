import Foundation
import ModelFiles

/// Any JSON value.
enum JSONValue: Decodable, Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let found = try? value.decode(Bool.self) {
      self = .bool(found)
    } else if let found = try? value.decode(Double.self) {
      self = .number(found)
    } else if let found = try? value.decode(String.self) {
      self = .text(found)
    } else if let found = try? value.decode([JSONValue].self) {
      self = .list(found)
    } else {
      self = .object(try value.decode([String: JSONValue].self))
    }
  }

  /// The value for an error message.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): "the text '\(value.prefix(60))'"
    case .list(let values): "a list of \(values.count)"
    case .object: "an object"
    }
  }
}

/// The fields of a JSON object from a file; what is not as expected is an error with the file and the way to the key.
struct JSONFields: Sendable {
  let source: String
  let location: [FileError.Location]
  private let fields: [String: JSONValue]

  /// The object that a file is.
  ///
  /// - Throws: `FileError` of kind `malformed` for bytes that are no JSON, `wrongType` for another value than an object.
  init(_ data: Data, source: String) throws(FileError) {
    let value: JSONValue
    do { value = try JSONDecoder().decode(JSONValue.self, from: data) } catch {
      throw FileError(
        .malformed, source: source, expected: "JSON, as prune --json prints it",
        found: data.isEmpty ? "an empty file" : "something else")
    }
    try self.init(value, source: source, location: [])
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

  /// A finite number; nil for null or an absent key.
  func optionalNumber(_ key: String) throws(FileError) -> Double? {
    switch fields[key] {
    case nil, .null: return nil
    case .number(let value) where value.isFinite: return value
    default: throw error(key, expected: "a number or null")
    }
  }

  /// A finite number of at least 0.
  func number(_ key: String) throws(FileError) -> Double {
    guard case .number(let value) = fields[key], value >= 0, value.isFinite else {
      throw error(key, expected: "a number of at least 0")
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

  func text(_ key: String) throws(FileError) -> String {
    guard case .text(let value) = fields[key] else { throw error(key, expected: "a text") }
    return value
  }

  /// A text; nil for null or an absent key.
  func optionalText(_ key: String) throws(FileError) -> String? {
    switch fields[key] {
    case nil, .null: return nil
    case .text(let value): return value
    default: throw error(key, expected: "a text or null")
    }
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
}
