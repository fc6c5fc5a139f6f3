import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Testing
import Tickets

/// The C program of docs/examples is compiled as its page says, and says what Swift says.
@Suite struct ExampleProgramTests {
  @Test(arguments: ["-std=c11", "-std=c99"]) func theExampleRuns(standard: String) throws {
    let program = FileManager.default.temporaryDirectory.appending(path: "ticket-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: program) }
    _ = try CLibrary.run(
      "cc", standard, "-Wall", "-Wextra", "-Wpedantic", "-Wno-unknown-pragmas", "-Werror", "-I",
      CLibrary.root + "/Sources/CTombola/include", CLibrary.root + "/docs/examples/ticket.c", "-L", CLibrary.folder,
      "-l:libTombolaC.so", "-Wl,-rpath," + CLibrary.folder, "-o", program)
    let lines = try CLibrary.run(program, CLibrary.root + "/Targets/fashion-cnn.onnx").split(separator: "\n")
    let problem = try GeneratedInstance.problem(dimension: 4, count: 60, seed: 1, norm: .maximum)
    let found = try BeamSearch().solve(problem, control: RunControl(limits: Limits(work: 3_000_000)))
    try #require(lines.count == 5)
    #expect(lines[0] == "tombola \(TombolaVersion.current), interface 1")
    let words = lines[1].split(separator: " ").map { $0.filter { $0 != "," } }
    #expect(words[1].withCString { strtod($0, nil) } == found.error)
    #expect(words[3...].map { Int($0) } == found.subset)
    #expect(lines[2].hasPrefix("status 2 at 'solver': found 'guess'"))
    #expect(lines[3] == "pruned: figures, progress reported")
    #expect(lines[4] == "verified: nothing disagrees")
  }

  /// Where C++ includes the header, names have no mangling.
  @Test func theHeaderIsCPlusPlusToo() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "header-\(UUID().uuidString).cpp")
    try "#include \"tombola.h\"\nint main() { return tombola_abi_version() != TOMBOLA_ABI_VERSION; }\n".write(
      to: file, atomically: true, encoding: .utf8)
    let program = file.path + ".out"
    defer { for path in [file.path, program] { try? FileManager.default.removeItem(atPath: path) } }
    _ = try CLibrary.run(
      "c++", "-I", CLibrary.root + "/Sources/CTombola/include", file.path, "-L", CLibrary.folder, "-l:libTombolaC.so",
      "-Wl,-rpath," + CLibrary.folder, "-o", program)
    _ = try CLibrary.run(program)
  }
}
