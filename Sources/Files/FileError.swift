/// What went wrong with a file: which one, where in it, what was expected and what was found.
///
/// Every reader and writer of this module throws this type and no other. Its ``description`` is one
/// line of text, fit to be printed as it is.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sort of fault, for callers that act on it.
  public enum Kind: String, Sendable, CaseIterable {
    /// There is no such file, or one of its folders is missing.
    case notFound
    /// The file exists but cannot be read: a folder, a device, a permission, a failing disk.
    case unreadable
    /// The output exists and may not be replaced.
    case exists
    /// The output cannot be written.
    case unwritable
    /// The bytes end before what they announce.
    case truncated
    /// There are more bytes than announced.
    case oversized
    /// The bytes break a rule of their format.
    case malformed
    /// The bytes are valid, but use a part of the format that is not read here.
    case unsupported
    /// A size overflows, or exceeds a stated limit.
    case tooLarge
    /// The content is valid, but of another type than the caller asked for.
    case wrongType
    /// A named part that the caller asked for is absent.
    case missing
  }

  /// One step of the way to the fault.
  public enum Location: Sendable, Equatable, CustomStringConvertible {
    /// An offset in bytes from the start of the file (of the uncompressed bytes for a compressed
    /// one).
    case byte(Int)
    /// A line of a text, from 1.
    case line(Int)
    /// A key of a header, or the name of a field.
    case key(String)
    /// A tensor or array, by name.
    case tensor(String)
    /// An entry of an archive, by name.
    case entry(String)
    /// A node of a graph: its index in file order, from 0, and its name or, if it has none, its
    /// operator.
    case node(Int, String)

    public var description: String {
      switch self {
      case .byte(let offset): "byte \(offset)"
      case .line(let number): "line \(number)"
      case .key(let key): "key \(FileError.quoted(key))"
      case .tensor(let name): "tensor \(FileError.quoted(name))"
      case .entry(let name): "entry \(FileError.quoted(name))"
      case .node(let index, let name): "node \(index) \(FileError.quoted(name))"
      }
    }
  }

  /// The sort of fault.
  public let kind: Kind
  /// The file's path, or whatever name the caller gave the bytes.
  public let source: String
  /// The way to the fault, from the outside in; empty if the fault is the file as a whole.
  public let location: [Location]
  /// What a valid file would have here.
  public let expected: String
  /// What is here.
  public let found: String

  /// Creates an error from its parts.
  public init(_ kind: Kind, source: String, at location: [Location] = [], expected: String, found: String) {
    self.kind = kind
    self.source = source
    self.location = location
    self.expected = expected
    self.found = found
  }

  /// One line: `source: location: expected …, found …`. Control characters are escaped, and long
  /// texts shortened.
  public var description: String {
    let place = location.isEmpty ? "" : location.map(\.description).joined(separator: ", ") + ": "
    let text =
      "\(source): \(place)expected \(Self.shortened(expected, to: 400)), found \(Self.shortened(found, to: 400))"
    return Self.singleLine(text)
  }

  /// The same error one step further in: `step` is put before its location.
  public func within(_ step: Location) -> FileError {
    FileError(kind, source: source, at: [step] + location, expected: expected, found: found)
  }

  /// A name in quotation marks, shortened to 120 characters, so that a hostile file cannot flood a
  /// screen.
  package static func quoted(_ name: String) -> String { "'\(shortened(name, to: 120))'" }

  private static func shortened(_ text: String, to length: Int) -> String {
    let head = text.prefix(length)
    return head.endIndex == text.endIndex ? text : "\(head)…"
  }

  /// A text in one line: control characters, and those that turn or hide others, are escaped.
  package static func singleLine(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format:
        line.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      default:
        line.append(scalar)
      }
    }
    return String(line)
  }
}
