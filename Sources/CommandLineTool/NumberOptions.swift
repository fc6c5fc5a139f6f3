import ArgumentParser

/// A kind of number that options take.
protocol OptionNumber: SendableMetatype {
  /// What a text must be, in words.
  static var expectation: String { get }
  init?(optionText: String)
}

extension Int: OptionNumber {
  static var expectation: String { "a whole number of at most 2^63 - 1" }
  init?(optionText: String) { self.init(optionText) }
}

extension UInt64: OptionNumber {
  static var expectation: String { "a whole number of 0 to 2^64 - 1" }
  init?(optionText: String) { self.init(optionText) }
}

extension Double: OptionNumber {
  static var expectation: String { "a finite number" }
  init?(optionText: String) {
    self.init(optionText)
    guard isFinite else { return nil }
  }
}

extension OptionNumber {
  fileprivate static func parsed(_ text: String) throws -> Self {
    guard let number = Self(optionText: text) else {
      throw NumberError(expected: expectation, found: text)
    }
    return number
  }
}

/// What stands behind an option is not the number it should be; the parser names the option.
private struct NumberError: Error, CustomStringConvertible {
  let expected: String
  let found: String

  var description: String { "expected \(expected), found '\(found)'" }
}

extension Option where Value: OptionNumber {
  /// An option that takes what follows it as its number, a minus sign before it included: commands
  /// say which numbers they take.
  init(number help: ArgumentHelp) {
    self.init(parsing: .unconditional, help: help) { try Value.parsed($0) }
  }

  /// The same for one that has a default.
  init(wrappedValue: Value, number help: ArgumentHelp) {
    self.init(wrappedValue: wrappedValue, parsing: .unconditional, help: help) { try Value.parsed($0) }
  }
}

extension Option {
  /// The same for one that may be left out.
  init<Number: OptionNumber>(number help: ArgumentHelp) where Value == Number? {
    self.init(parsing: .unconditional, help: help) { try Number.parsed($0) }
  }
}
