import Foundation
import TestSupport
import Testing

/// A room imports only rooms listed above it in ARCHITECTURE.md, and no room knows what it must
/// not.
@Suite struct RoomTests {
  /// From the ground up. What each may import beyond earlier rooms of its own row is listed with
  /// it.
  static let rooms: [(name: String, mayImport: Set<String>)] = [
    ("Files", ["CLibcrypto"]),
    ("RunControl", []),
    ("RandomStreams", ["RandomStreamsKernels"]),
    ("LinearAlgebra", ["CBLAS", "MachineKernels"]),
    ("Convolution", ["LinearAlgebra", "ConvolutionKernels"]),
    ("NumericalVerification", ["RandomStreams", "LinearAlgebra", "Convolution"]),
    ("SubsetSum", ["RunControl", "RandomStreams", "LinearAlgebra", "SubsetSumKernels"]),
    ("Tickets", ["Files", "RandomStreams", "LinearAlgebra", "Convolution"]),
    ("Pruning", ["RunControl", "RandomStreams", "LinearAlgebra", "Convolution", "SubsetSum", "Tickets"]),
    ("Verification", ["Files", "RunControl", "RandomStreams", "LinearAlgebra", "Convolution", "Tickets"]),
    ("ModelFiles", ["Files", "LinearAlgebra", "Convolution", "Tickets", "CZlib", "SwiftProtobuf"]),
    (
      "Experiments",
      ["Files", "RunControl", "RandomStreams", "LinearAlgebra", "SubsetSum", "Tickets", "CSQLite", "TOMLKit"]
    ),
    (
      "Outcomes",
      [
        "Files", "RunControl", "LinearAlgebra", "Convolution", "SubsetSum", "Tickets", "Pruning", "Verification",
        "ModelFiles", "Experiments",
      ]
    ),
    (
      "TombolaC",
      [
        "CTombola", "Files", "RunControl", "LinearAlgebra", "Convolution", "SubsetSum", "Tickets", "Pruning",
        "Verification", "ModelFiles", "Experiments", "Outcomes", "CommandLineTool",
      ]
    ),
  ]
  static let everywhere: Set<String> = [
    "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Glibc", "Musl", "Darwin",
  ]
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func swiftFiles(in folder: URL) throws -> [URL] {
    let enumerator = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    return enumerator.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
  }

  private static func imports(of file: URL) throws -> Set<String> {
    let text = try String(contentsOf: file, encoding: .utf8)
    return Set(
      text.split(separator: "\n").compactMap { line -> String? in
        let words = line.split(separator: " ").filter { !$0.hasPrefix("@") && $0 != "public" && $0 != "package" }
        guard words.count >= 2, words[0] == "import" else { return nil }
        return String(words[1].split(separator: ".")[0])
      })
  }

  @Test(arguments: rooms.map(\.name)) func aRoomImportsOnlyWhatItMay(room: String) throws {
    let allowed = Self.rooms.first { $0.name == room }!.mayImport.union(Self.everywhere)
    let files = try Self.swiftFiles(in: Self.root.appending(path: "Sources/\(room)"))
    #expect(!files.isEmpty)
    for file in files {
      let superfluous = try Self.imports(of: file).subtracting(allowed)
      #expect(superfluous.isEmpty, "\(room)/\(file.lastPathComponent) imports \(superfluous.sorted())")
    }
  }

  @Test func roomsImportOnlyEarlierRooms() {
    var earlier: Set<String> = []
    let names = Set(Self.rooms.map(\.name))
    for room in Self.rooms {
      #expect(room.mayImport.intersection(names).isSubset(of: earlier))
      earlier.insert(room.name)
    }
  }

  @Test func everyLibraryTargetIsARoom() throws {
    let sources = Self.root.appending(path: "Sources")
    let folders = Set(try FileManager.default.contentsOfDirectory(atPath: sources.path))
    let others: Set<String> = [
      "RandomStreamsKernels", "MachineKernels", "ConvolutionKernels", "SubsetSumKernels", "Tombola", "CommandLineTool",
      "TombolaMain", "CTombola",
    ]
    #expect(folders == Set(Self.rooms.map(\.name)).union(others))
  }

  @Test func filesStayUnderFiveHundredLines() throws {
    for folder in ["Sources", "Tests"] {
      for file in try Self.swiftFiles(in: Self.root.appending(path: folder))
      where !file.path.contains("/Generated/") {
        let lines = try String(contentsOf: file, encoding: .utf8).split(
          separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 500, "\(file.lastPathComponent) has \(lines.count) lines")
      }
    }
  }

  @Test func everyCFileForbidsContraction() throws {
    let enumerator = try #require(
      FileManager.default.enumerator(at: Self.root.appending(path: "Sources"), includingPropertiesForKeys: nil))
    let files = enumerator.compactMap { $0 as? URL }.filter { $0.pathExtension == "c" }
    #expect(!files.isEmpty)
    for file in files {
      #expect(try String(contentsOf: file, encoding: .utf8).contains("#pragma STDC FP_CONTRACT OFF"))
    }
  }
}

/// The oracles that run in Python are there where an interpreter was named for them: a missing
/// module skips no test.
@Suite struct OracleTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["TOMBOLA_PYTHON"] != nil, "no TOMBOLA_PYTHON"))
  func theNamedInterpreterHasItsModules() {
    #expect(Python.hasNumPy && Python.hasSafetensors && Python.hasONNX && Python.hasONNXRuntime)
  }
}
