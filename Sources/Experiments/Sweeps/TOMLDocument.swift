import Files
import TOMLKit

/// A value of a TOML document, with the way to it.
struct TOMLNode {
  indirect enum Value {
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([TOMLNode])
    case table([String: TOMLNode])
    case other(String)
  }

  let value: Value
  let path: [String]
  let source: String
  /// The line of its key, from 1; nil for the document as a whole.
  let line: Int?

  /// The longest document that is parsed, in bytes.
  static let largestDocument = 1 << 20

  /// Parses a document.
  ///
  /// - Throws: `FileError` of kind `malformed` with the line of what is no TOML, `tooLarge` for one
  ///   of more than `largestDocument` bytes, `malformed` for what `TOMLLines` refuses.
  init(_ text: String, source: String) throws(FileError) {
    if let index = text.utf8.firstIndex(of: 0) {
      throw FileError(
        .malformed, source: source, at: [.byte(text.utf8.distance(from: text.utf8.startIndex, to: index))],
        expected: "TOML", found: "a NUL character")
    }
    let allowed = Set("\t\n\r".utf8)
    if let index = text.utf8.firstIndex(where: { $0 < 0x20 && !allowed.contains($0) || $0 == 0x7F }) {
      throw FileError(
        .malformed, source: source, at: [.byte(text.utf8.distance(from: text.utf8.startIndex, to: index))],
        expected: "TOML", found: "a control character")
    }
    guard text.utf8.count <= Self.largestDocument else {
      throw FileError(
        .tooLarge, source: source, expected: "at most \(Self.largestDocument) bytes", found: "\(text.utf8.count)")
    }
    let lines: [[String]: Int]
    do { lines = try TOMLLines(text).lines } catch {
      throw FileError(
        .malformed, source: source, at: [.line(error.line)], expected: error.expected, found: error.found)
    }
    let table: TOMLTable
    do { table = try TOMLTable(string: text) } catch let error as TOMLParseError {
      throw FileError(
        .malformed, source: source, at: [.line(error.source.begin.line)], expected: "TOML", found: error.description)
    } catch { throw FileError(.malformed, source: source, expected: "TOML", found: "\(error)") }
    self.init(table, path: [], source: source, lines: lines)
  }

  private init(_ found: any TOMLValueConvertible, path: [String], source: String, lines: [[String]: Int]) {
    self.path = path
    self.source = source
    line = lines[path]
    func child(_ found: any TOMLValueConvertible, _ key: String) -> TOMLNode {
      TOMLNode(found, path: path + [key], source: source, lines: lines)
    }
    if let value = found.bool {
      self.value = .boolean(value)
    } else if let value = found.int {
      self.value = .integer(value)
    } else if let value = found.double {
      self.value = .number(value)
    } else if let value = found.string {
      self.value = .text(value)
    } else if let array = found.array {
      value = .list(array.map { TOMLNode($0, path: path, source: source, lines: lines) })
    } else if let table = found.table {
      value = .table(
        Dictionary(
          table.keys.compactMap { key in table[key].map { (key, child($0, key)) } },
          uniquingKeysWith: { first, _ in first }))
    } else {
      value = .other(found.type.rawValue)
    }
  }

  /// An error at this value.
  func error(_ expected: String, found: String? = nil, kind: FileError.Kind = .wrongType) -> FileError {
    var place: [FileError.Location] = line.map { [.line($0)] } ?? []
    if !path.isEmpty { place.append(.key(path.joined(separator: "."))) }
    return FileError(kind, source: source, at: place, expected: expected, found: found ?? summary)
  }

  private var summary: String {
    switch value {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): "the text '\(value)'"
    case .list(let values): "a list of \(values.count)"
    case .table(let fields): "a table of \(fields.keys.sorted().joined(separator: ", "))"
    case .other(let type): "a \(type)"
    }
  }

  /// The fields of a table that has no others than `keys`.
  ///
  /// - Throws: `FileError` with the first unknown key by line, or for another value than a table.
  func fields(of keys: [String], expected: String) throws(FileError) -> [String: TOMLNode] {
    guard case .table(let fields) = value else { throw error(expected) }
    let unknown = fields.filter { !keys.contains($0.key) }
    if let first = unknown.min(by: { ($0.value.line ?? 0, $0.key) < ($1.value.line ?? 0, $1.key) }) {
      throw first.value.error("one of the keys \(keys.joined(separator: ", "))", found: "another key", kind: .malformed)
    }
    return fields
  }

  /// The elements of a list, or the value as the only one.
  var elements: [TOMLNode] { if case .list(let nodes) = value { nodes } else { [self] } }

  /// - Throws: `FileError` unless an integer.
  func integer(_ expected: String) throws(FileError) -> Int {
    guard case .integer(let found) = value else { throw error(expected) }
    return found
  }

  /// - Throws: `FileError` unless a finite number.
  func number(_ expected: String) throws(FileError) -> Double {
    switch value {
    case .integer(let found): return Double(found)
    case .number(let found) where found.isFinite: return found
    default: throw error(expected)
    }
  }

  /// - Throws: `FileError` unless a text.
  func text(_ expected: String) throws(FileError) -> String {
    guard case .text(let found) = value else { throw error(expected) }
    return found
  }
}
