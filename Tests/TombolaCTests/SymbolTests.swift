import Foundation
import Testing

/// The header, the committed list of symbols and the library say the same.
@Suite struct SymbolTests {
  private static func text(_ path: String) throws -> String {
    try String(contentsOfFile: CLibrary.root + "/" + path, encoding: .utf8)
  }

  /// Names of functions that a header declares.
  private static func declared(in header: String) throws -> Set<String> {
    let code = try text(header).replacing(#/\/\*(.|\n)*?\*\//#, with: "")
    return Set(code.matches(of: #/\b(tombola_\w+)\(/#).map { String($0.1) })
  }

  /// The committed list.
  private static func listed() throws -> [String] {
    try text("Sources/CTombola/symbols.txt").split(separator: "\n").map(String.init)
  }

  /// Functions of the C kernels, which are no part of the interface.
  private static func ofKernels() throws -> Set<String> {
    var names: Set<String> = ["tombola_inside_set_error", "tombola_inside_watch", "tombola_inside_unwatch"]
    for kernels in ["RandomStreamsKernels", "MachineKernels", "ConvolutionKernels", "SubsetSumKernels"] {
      let folder = URL(fileURLWithPath: CLibrary.root + "/Sources/\(kernels)")
      let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
      for case let file as URL in files where ["h", "c"].contains(file.pathExtension) {
        let code = try String(contentsOf: file, encoding: .utf8)
        names.formUnion(code.matches(of: #/\b(tombola_\w+)/#).map { String($0.1) })
      }
    }
    return names
  }

  @Test func theHeaderDeclaresWhatIsListed() throws {
    let listed = try Self.listed()
    #expect(listed == listed.sorted() && listed.count > 25)
    #expect(try Self.declared(in: "Sources/CTombola/include/tombola.h") == Set(listed))
  }

  @Test func theLibraryHasWhatIsListedAndNothingElse() throws {
    let lines = try CLibrary.run("nm", "-D", "--defined-only", CLibrary.path).split(separator: "\n")
    // Of a kernel there is a variant for each kind of CPU: name.variant.
    let names = lines.compactMap { $0.split(separator: " ").last?.split(separator: ".").first.map(String.init) }
    let found = Set(names.filter { $0.hasPrefix("tombola_") }).subtracting(try Self.ofKernels())
    #expect(found == Set(try Self.listed()))
  }
}
