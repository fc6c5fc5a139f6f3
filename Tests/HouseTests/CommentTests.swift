import Foundation
import Testing

/// What comments must be, folder by folder: no wider than 100 columns, and before every public
/// declaration.
@Suite struct CommentTests {
  /// Folders whose turn has not come. Whoever has made one fit deletes its line.
  static let notYet: Set<String> = []

  /// Files of those folders that fit already.
  static let already: Set<String> = []

  static let mostColumns = 100

  /// All folders of sources and tests, the other folders, and files of the package itself.
  static func places() throws -> [String] {
    let manager = FileManager.default
    let folders = try ["Sources", "Tests"].flatMap { folder in
      try manager.contentsOfDirectory(atPath: RoomTests.root.appending(path: folder).path).map { "\(folder)/\($0)" }
    }
    return (folders + ["bench", "docs", "tools", "Makefile", "Package.swift", ".ci/run"]).sorted()
  }

  /// Files under a place, by their path from the root; what builds leave there is left out.
  static func files(of place: String) -> [String] {
    let root = RoomTests.root
    let start = root.appending(path: place)
    guard let enumerator = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil) else { return [] }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: start.path, isDirectory: &isFolder)
    if !isFolder.boolValue { return [place] }
    return enumerator.compactMap { $0 as? URL }.map { String($0.path.dropFirst(root.path.count + 1)) }
      .filter { !$0.contains("/.build") && !$0.contains("/Generated/") }
  }

  static func lines(of file: String) throws -> [Substring] {
    try String(contentsOf: RoomTests.root.appending(path: file), encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
  }

  @Test func foldersWhoseTurnHasNotComeAreThere() throws {
    #expect(try Self.notYet.isSubset(of: Self.places()))
  }

  @Test func commentsWrapAtAHundredColumns() throws {
    let fitting = try Self.places().filter { !Self.notYet.contains($0) }.flatMap(Self.files)
    var seen = 0
    for file in fitting + Self.already {
      guard let language = CommentLanguage(file: file) else { continue }
      let lines = try Self.lines(of: file)
      seen += 1
      for number in language.comments(in: lines, widerThan: Self.mostColumns) {
        Issue.record("\(file):\(number + 1): expected a comment of at most 100 columns, found \(lines[number].count)")
      }
    }
    #expect(seen > 100)
  }

  private static let wide = String(repeating: "é", count: 101)

  @Test(arguments: [
    ("a.swift", "let x = 1  // \(wide)"), ("a.swift", "/// \(wide)"), ("a.c", "/* a\n\(wide) */"),
    ("a.py", "x = 1  # \(wide)"), ("a.py", "\"\"\"a\n\(wide)\"\"\""), ("Makefile", "# \(wide)"),
  ]) func wideCommentsAreTold(file: String, text: String) throws {
    #expect(try Self.wideComments(file, text).count == 1)
  }

  @Test(arguments: [
    ("a.swift", "/// \(wide.dropLast(5))"), ("a.swift", "let x = \"// \(wide)\""), ("a.swift", wide),
    ("a.c", "/* a */\n\(wide)"), ("a.py", "x = '# \(wide)'"), ("Makefile", "\t\(wide)"),
  ]) func otherLinesAreNot(file: String, text: String) throws {
    #expect(try Self.wideComments(file, text).isEmpty)
  }

  private static func wideComments(_ file: String, _ text: String) throws -> [Int] {
    let language = try #require(CommentLanguage(file: file))
    return language.comments(
      in: text.split(separator: "\n", omittingEmptySubsequences: false), widerThan: mostColumns)
  }

  @Test func publicDeclarationsHaveDocComments() throws {
    for place in try Self.places() where place.hasPrefix("Sources/") && !Self.notYet.contains(place) {
      let files = Self.files(of: place).filter { $0.hasSuffix(".swift") }
      let told = try files.reduce(into: PublicDeclaration.toldElsewhere) { names, file in
        names.formUnion(PublicDeclaration.requirements(of: try Self.lines(of: file)))
      }
      for file in files {
        for declaration in PublicDeclaration.all(in: try Self.lines(of: file))
        where !declaration.isDocumented && !told.contains(declaration.name) {
          Issue.record("\(file):\(declaration.line): expected a doc comment before \(declaration.name)")
        }
      }
    }
  }

  @Test func undocumentedDeclarationsAreTold() {
    let lines = [
      "/// Told.", "public let a = 1", "public let b = 2", "/// Told.", "@inlinable", "public func c() {}",
      "@inlinable public init(d: Int) {}", "  public private(set) var e: Int", "public extension F {}",
      "import Foundation", "public protocol G {", "  var h: Int { get }", "}",
    ].map { Substring($0) }
    let told = PublicDeclaration.requirements(of: lines)
    #expect(told == ["h"])
    let found = PublicDeclaration.all(in: lines).filter { !$0.isDocumented }.map { "\($0.line) \($0.name)" }
    #expect(found == ["3 b", "7 init", "8 e", "11 G"])
  }

  /// What stands between `// example` and `// end` in the files `ExampleTests.swift` of the tests,
  /// which compile and run it, stands in a doc comment as well.
  @Test func examplesOfDocCommentsAreCompiledAndRun() throws {
    let comments = try Self.places().filter { $0.hasPrefix("Sources/") }.flatMap(Self.files)
      .filter { $0.hasSuffix(".swift") }
      .map { file in
        try Self.lines(of: file).map { line in
          let text = line.drop { $0 == " " }
          return text.hasPrefix("///") ? String(text.dropFirst(text.hasPrefix("/// ") ? 4 : 3)) : ""
        }.joined(separator: "\n")
      }
    var examples = 0
    for place in try Self.places() where place.hasPrefix("Tests/") {
      for file in Self.files(of: place) where file.hasSuffix("ExampleTests.swift") {
        for part in try Self.lines(of: file).split(whereSeparator: { $0.hasSuffix("// end") }) {
          guard let start = part.firstIndex(where: { $0.hasSuffix("// example") }) else { continue }
          let indentation = part[start].prefix { $0 == " " }.count
          let text = part[(start + 1)...].map { $0.dropFirst(indentation) }.joined(separator: "\n")
          examples += 1
          #expect(comments.contains { $0.contains(text) }, "\(file): in no doc comment:\n\(text)")
        }
      }
    }
    #expect(examples >= 8)
  }
}

/// How a language writes comments.
enum CommentLanguage {
  /// `//` to the end of the line, or from `/*` to `*/`.
  case slashes
  /// `#` to the end of the line; in Python also texts in three quotes, which are documentation.
  case hashes(isPython: Bool)

  /// That of a file by its name; nil for files without comments of their own.
  init?(file: String) {
    switch file.split(separator: "/").last.map({ $0.split(separator: ".").last ?? $0 }) {
    case "swift", "c", "h": self = .slashes
    case "py": self = .hashes(isPython: true)
    case "sh", "Makefile", "run": self = .hashes(isPython: false)
    default: return nil
    }
  }

  /// The lines, from 0, that hold a comment or a part of one and have more columns than that.
  func comments(in lines: [Substring], widerThan columns: Int) -> [Int] {
    var (isInBlock, isInText) = (false, false)
    return lines.indices.filter { number in
      let line = lines[number]
      let isWide = line.utf8.count > columns && line.count > columns
      let marks = line.utf8.contains(UInt8(ascii: "\"")) ? line.ranges(of: "\"\"\"").count : 0
      switch self {
      case .slashes:
        // A text over several lines holds no comment.
        if isInText || marks == 1 {
          isInText = marks == 1 ? !isInText : isInText
          return false
        }
        let mayEnd = isInBlock && line.utf8.contains(UInt8(ascii: "*"))
        guard isWide || mayEnd || line.drop(while: { $0 == " " }).hasPrefix("/*") else { return false }
        let code = Self.withoutTexts(line)
        let holds = isInBlock || code.contains("//") || code.contains("/*")
        if code.contains("/*") { isInBlock = true }
        if code.contains("*/") { isInBlock = false }
        return holds && isWide
      case .hashes(let isPython):
        if isPython, isInText || marks > 0 {
          if marks == 1 { isInText.toggle() }
          return isWide
        }
        return isWide && Self.withoutTexts(line).contains(#/(^|\s)#/#)
      }
    }
  }

  /// A line with the insides of its quoted texts taken out.
  private static func withoutTexts(_ line: Substring) -> Substring {
    line.replacing(#/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/#, with: "\"\"")
  }
}

/// A public declaration of a Swift file, by a look at its lines.
struct PublicDeclaration {
  /// What it declares; `init` and `subscript` stand for themselves.
  let name: String
  /// From 1.
  let line: Int
  let isDocumented: Bool

  /// Requirements of Swift's own protocols, whose documentation a reader gets from there.
  static let toldElsewhere: Set<String> = ["description", "<", "=="]

  static func all(in lines: [Substring]) -> [PublicDeclaration] {
    lines.indices.compactMap { number in
      let code = lines[number].drop { $0 == " " }
      guard code.contains(#/^(@\w+(\([^)]*\))? )*public /#), !code.contains("extension "), !code.contains("import "),
        let name = name(of: code)
      else { return nil }
      // Attributes may stand between a comment and its declaration.
      var before = number - 1
      while before >= 0, lines[before].drop(while: { $0 == " " }).hasPrefix("@") { before -= 1 }
      let isDocumented = before >= 0 && lines[before].drop { $0 == " " }.hasPrefix("///")
      return PublicDeclaration(name: name, line: number + 1, isDocumented: isDocumented)
    }
  }

  /// Names of what public protocols ask for: who conforms need not say it again.
  static func requirements(of lines: [Substring]) -> Set<String> {
    var (names, isInside): (Set<String>, Bool) = ([], false)
    for line in lines {
      if line.hasPrefix("}") { isInside = false }
      if isInside, let name = name(of: line) { names.insert(name) }
      if line.hasPrefix("public protocol ") { isInside = true }
    }
    return names
  }

  private static func name(of line: Substring) -> String? {
    let kinds = #/\b(?:func|var|let|struct|enum|class|actor|protocol|typealias) `?(?<name>[\w<=>*+\/-]+)/#
    if let match = line.firstMatch(of: kinds) { return String(match.name) }
    return line.firstMatch(of: #/\b(init|subscript)\b/#).map { String($0.1) }
  }
}
