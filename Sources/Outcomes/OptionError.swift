/// An option that is not as it should be: of the command line, or of a call in another language.
package struct OptionError: Error, CustomStringConvertible {
  package let option: String
  package let expected: String
  package let found: String

  package init(option: String, expected: String, found: String) {
    (self.option, self.expected, self.found) = (option, expected, found)
  }

  package var description: String { "\(option): expected \(expected), found \(found)" }
}
