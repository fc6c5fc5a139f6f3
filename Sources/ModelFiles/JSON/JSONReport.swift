import Foundation

/// Figures as one JSON document for other programs: keys sorted, one a line.
///
/// JSON has no number that is not finite: such a figure is null, and an object then lists it with
/// what it was under `not_finite`, as `{"blocks.3.error": "infinity"}`.
public enum JSONReport {
  private struct Marks {
    // A text that no value holds, as it is drawn anew for each document.
    let mark = UUID().uuidString
    static let names = ["infinity", "minus infinity", "not a number"]

    var texts: [String] { Self.names.map { "\(mark) \($0)" } }

    func encoder() -> JSONEncoder {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: texts[0], negativeInfinity: texts[1], nan: texts[2])
      return encoder
    }

    /// Where the marks are, and what stands for them.
    func places(in value: Any, below path: [String] = []) -> [String: String] {
      switch value {
      case let object as [String: Any]:
        return object.reduce(into: [:]) {
          $0.merge(places(in: $1.value, below: path + [$1.key])) { first, _ in first }
        }
      case let list as [Any]:
        return list.enumerated().reduce(into: [:]) {
          $0.merge(places(in: $1.element, below: path + ["\($1.offset)"])) { first, _ in first }
        }
      case let text as String where text.hasPrefix(mark):
        return [path.joined(separator: "."): String(text.dropFirst(mark.count + 1))]
      default: return [:]
      }
    }
  }

  /// A value's own members, and one that says which are null for want of a number.
  private struct Explained<Value: Encodable>: Encodable {
    let value: Value
    let reasons: [String: String]

    // The key is the contract's own spelling.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private enum Key: String, CodingKey { case not_finite }

    func encode(to encoder: any Encoder) throws {
      try value.encode(to: encoder)
      var json = encoder.container(keyedBy: Key.self)
      try json.encode(reasons, forKey: .not_finite)
    }
  }

  /// The document's text, without a newline at its end.
  ///
  /// - Throws: what `value` throws when it is encoded.
  public static func text(of value: some Encodable) throws -> String {
    let marks = Marks()
    var text = String(decoding: try marks.encoder().encode(value), as: UTF8.self)
    guard text.contains(marks.mark) else { return text }
    let document = try JSONSerialization.jsonObject(
      with: Data(text.utf8), options: .fragmentsAllowed)
    if document is [String: Any] {
      let explained = Explained(value: value, reasons: marks.places(in: document))
      text = String(decoding: try marks.encoder().encode(explained), as: UTF8.self)
    }
    return marks.texts.reduce(text) { $0.replacingOccurrences(of: "\"\($1)\"", with: "null") }
  }
}
