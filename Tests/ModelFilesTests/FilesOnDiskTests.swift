import Files
import Foundation
import ModelFiles
import Testing

@Suite struct FileBytesTests {
  @Test func readsWhatWasWritten() throws {
    let folder = try TemporaryFolder()
    for size in [0, 1, 100_000] {
      let data = Data((0..<size).map { UInt8(truncatingIfNeeded: $0) })
      try data.write(to: URL(fileURLWithPath: folder.file("a")))
      #expect(try FileBytes.read(path: folder.file("a")) == data)
    }
  }

  @Test func refusesWhatIsNoReadableFile() throws {
    let folder = try TemporaryFolder()
    expectFileError(.unreadable, folder.path, "a regular file", "a folder") {
      _ = try FileBytes.read(path: folder.path)
    }
    expectFileError(.notFound, "nothing") { _ = try FileBytes.read(path: folder.file("nothing")) }
    expectFileError(.notFound) { _ = try FileBytes.read(path: folder.file("nothing/inside")) }
    expectFileError(.notFound, "empty path") { _ = try FileBytes.read(path: "") }
    expectFileError(.notFound, "NUL") { _ = try FileBytes.read(path: "a\0b") }
    expectFileError(.unreadable, "a device") { _ = try FileBytes.read(path: "/dev/zero") }
    expectFileError(.unreadable) { _ = try FileBytes.read(path: String(repeating: "n", count: 5000)) }
    let loop = folder.file("loop")
    try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
    expectFileError(.unreadable, "loop") { _ = try FileBytes.read(path: loop) }
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    expectFileError(.unreadable, "a pipe") { _ = try FileBytes.read(path: pipe) }
  }

  @Test(.enabled(if: geteuid() != 0, "needs a user whom permissions bind"))
  func refusesWhatItMayNotRead() throws {
    let folder = try TemporaryFolder()
    _ = FileManager.default.createFile(atPath: folder.file("a"), contents: Data(), attributes: [.posixPermissions: 0])
    expectFileError(.unreadable) { _ = try FileBytes.read(path: folder.file("a")) }
  }

  @Test func everyReaderReportsAMissingFile() {
    let path = "/nonexistent/file"
    expectFileError(.notFound, path) { _ = try SafetensorsFile(path: path) }
    expectFileError(.notFound, path) { _ = try NumPyArray(path: path) }
    expectFileError(.notFound, path) { _ = try NumPyArchive(path: path) }
    expectFileError(.notFound, path) { _ = try IDXFile(path: path) }
    expectFileError(.notFound, path) { _ = try ONNXDocument(path: path) }
  }
}

@Suite struct AtomicFileTests {
  private let data = Data("new".utf8)

  @Test func writesAndLeavesNothingBeside() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write(data, to: folder.file("out"), force: false)
    #expect(try FileBytes.read(path: folder.file("out")) == data)
    try AtomicFile.write(Data(), to: folder.file("empty"), force: true)
    #expect(folder.names == ["empty", "out"])
  }

  @Test func replacesOnlyWithForce() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    expectFileError(.exists, path, "--force") { try AtomicFile.write(data, to: path, force: false) }
    expectFileError(.exists, path, "--force") { try AtomicFile.check(path, force: false) }
    #expect(try FileBytes.read(path: path) == Data("old".utf8))
    try AtomicFile.write(data, to: path, force: true)
    #expect(try FileBytes.read(path: path) == data)
    #expect(folder.names == ["out"])
  }

  @Test func replacesWhatALinkLeadsTo() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("far"), withIntermediateDirectories: false)
    try Data("old".utf8).write(to: URL(fileURLWithPath: folder.file("far/target")))
    try FileManager.default.createSymbolicLink(atPath: folder.file("middle"), withDestinationPath: "far/target")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "middle")
    expectFileError(.exists) { try AtomicFile.write(data, to: folder.file("link"), force: false) }
    try AtomicFile.write(data, to: folder.file("link"), force: true)
    #expect(try FileBytes.read(path: folder.file("far/target")) == data)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link")) == "middle")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("middle")) == "far/target")
    #expect(folder.names == ["far", "link", "middle"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("far")) == ["target"])
  }

  @Test func refusesFoldersDevicesAndUnwritablePlaces() throws {
    let folder = try TemporaryFolder()
    for force in [false, true] {
      expectFileError(.unwritable, "a folder") { try AtomicFile.write(data, to: folder.path, force: force) }
      expectFileError(.unwritable, "a device") { try AtomicFile.write(data, to: "/dev/null", force: force) }
      expectFileError(.unwritable, "ends in '/'") { try AtomicFile.write(data, to: folder.file("x/"), force: force) }
      expectFileError(.notFound, "no folder") { try AtomicFile.write(data, to: folder.file("no/out"), force: force) }
      expectFileError(.notFound) { try AtomicFile.write(data, to: "", force: force) }
      let long = folder.file(String(repeating: "n", count: 300))
      expectFileError(.unwritable) { try AtomicFile.write(data, to: long, force: force) }
    }
    #expect(folder.names == [])
  }

  @Test(.enabled(if: access("/proc/self", F_OK) == 0, "needs /proc, where nobody can make files"))
  func refusesAFolderThatTakesNoFiles() {
    #expect(throws: FileError.self) { try AtomicFile.write(data, to: "/proc/self/out", force: false) }
  }

  @Test func racingWritersWithoutForceLeaveOneWhole() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    let wins = await withTaskGroup(of: Bool.self) { group in
      for index in 0..<8 {
        group.addTask {
          let contents = Data(repeating: UInt8(index), count: 100_000)
          return (try? AtomicFile.write(contents, to: path, force: false)) != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(wins == 1)
    let contents = try FileBytes.read(path: path)
    #expect(contents.count == 100_000 && Set(contents).count == 1)
    #expect(folder.names == ["out"])
  }
}
