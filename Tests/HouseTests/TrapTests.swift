import Foundation
import Testing

/// Every forced unwrap, forced cast and `try!` of the sources stands in `traps.txt` with the reason
/// why no input reaches it: lines of file, code and reason, separated by tabs.
@Suite struct TrapTests {
  struct Trap: Hashable, CustomStringConvertible {
    let file: String
    let code: String
    var description: String { "\(file): \(code)" }
  }

  /// Forced unwraps behind a name or a bracket, and the two keywords, outside of texts and
  /// comments.
  private static func isTrap(_ line: Substring) -> Bool {
    let code = line.replacing(#/"(\\.|[^"\\])*"/#, with: "\"\"").split(
      separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
    return code.contains(#/try!|as!|[\w\)\]\}]!(?![=\w])/#)
  }

  private static func found() throws -> Set<Trap> {
    let sources = RoomTests.root.appending(path: "Sources")
    let enumerator = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var traps: Set<Trap> = []
    for case let file as URL in enumerator where file.pathExtension == "swift" && !file.path.contains("/Generated/") {
      let name = String(file.path.dropFirst(sources.path.count + 1))
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where isTrap(line) {
        traps.insert(Trap(file: name, code: line.trimmingCharacters(in: .whitespaces)))
      }
    }
    return traps
  }

  @Test func everyTrapHasItsReason() throws {
    let list = RoomTests.root.appending(path: "Tests/HouseTests/traps.txt")
    var known: Set<Trap> = []
    for line in try String(contentsOf: list, encoding: .utf8).split(separator: "\n") {
      let parts = line.split(separator: "\t").map(String.init)
      try #require(parts.count == 3 && parts[2].count > 10, "\(line)")
      known.insert(Trap(file: parts[0], code: parts[1]))
    }
    let found = try Self.found()
    #expect(found.count > 20)
    #expect(found.subtracting(known).isEmpty, "without a reason: \(found.subtracting(known))")
    #expect(known.subtracting(found).isEmpty, "gone: \(known.subtracting(found))")
  }
}
