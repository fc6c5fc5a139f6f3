import Files
import Foundation
import ModelFiles
import Testing

/// What outputs may replace, and what stays of it.
@Suite struct OutputPlaceTests {
  private let data = Data("new".utf8)

  private func status(_ path: String) throws -> stat {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    return status
  }

  @Test func refusesWhatIsNoRegularFile() throws {
    let folder = try TemporaryFolder()
    let manager = FileManager.default
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    for (link, target) in [
      ("dangling", "nothing"), ("loop", "loop"), ("null", "/dev/null"), ("topipe", "pipe"),
    ] {
      try manager.createSymbolicLink(atPath: folder.file(link), withDestinationPath: target)
    }
    let names = folder.names
    let before = try names.map { try status(folder.file($0)).st_ino }
    for (name, words) in [
      ("pipe", "a pipe"), ("dangling", "leads nowhere"), ("loop", "symbolic links"),
      ("null", "a device"),
      ("topipe", "a pipe"),
    ] {
      for force in [false, true] {
        expectFileError(.unwritable, name, words) {
          try AtomicFile.write(data, to: folder.file(name), force: force)
        }
        expectFileError(.unwritable, name, words) {
          try AtomicFile.check(folder.file(name), force: force)
        }
      }
    }
    #expect(folder.names == names)
    #expect(try names.map { try status(folder.file($0)).st_ino } == before)
  }

  /// A link of /proc to an open file whose name has been taken away.
  @Test(.enabled(if: access("/proc/self/fd", F_OK) == 0, "needs /proc"))
  func refusesAFileThatHasNoName() throws {
    let folder = try TemporaryFolder()
    let descriptor = open(folder.file("a"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    #expect(unlink(folder.file("a")) == 0)
    expectFileError(.unwritable, "without a name") {
      try AtomicFile.write(data, to: "/proc/self/fd/\(descriptor)", force: true)
    }
    #expect(folder.names == [])
  }

  @Test func permissionsAreTheUmasksOrThoseOfTheOldFile() throws {
    let folder = try TemporaryFolder()
    let descriptor = open(folder.file("plain"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    close(descriptor)
    try AtomicFile.write(data, to: folder.file("new"), force: false)
    #expect(try status(folder.file("new")).st_mode == status(folder.file("plain")).st_mode)
    for mode: mode_t in [0o600, 0o640, 0o666, 0o755] {
      #expect(chmod(folder.file("new"), mode) == 0)
      try AtomicFile.write(data, to: folder.file("new"), force: true)
      #expect(try status(folder.file("new")).st_mode & 0o7777 == mode)
      try AtomicFile.write(to: folder.file("new"), force: true) {
        try data.write(to: URL(fileURLWithPath: $0))
      }
      #expect(try status(folder.file("new")).st_mode & 0o7777 == mode)
    }
  }

  @Test(.enabled(if: geteuid() != 0, "needs a user whom permissions bind"))
  func aFileThatIsProtectedStays() throws {
    let folder = try TemporaryFolder()
    try data.write(to: URL(fileURLWithPath: folder.file("a")))
    #expect(chmod(folder.file("a"), 0o444) == 0)
    expectFileError(.unwritable, "Permission denied") {
      try AtomicFile.check(folder.file("a"), force: true)
    }
  }

  @Test func aFileThatIsMadeByOthersAppearsWholeOrNotAtAll() throws {
    struct Refusal: Error {}
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    let size = try AtomicFile.write(to: path, force: false) { temporary in
      #expect(!FileManager.default.fileExists(atPath: temporary))
      try data.write(to: URL(fileURLWithPath: temporary))
      #expect(!FileManager.default.fileExists(atPath: path))
      return 3
    }
    #expect(try size == 3 && FileBytes.read(path: path) == data)
    #expect(throws: Refusal.self) {
      try AtomicFile.write(to: path, force: true) { temporary in
        try Data("half".utf8).write(to: URL(fileURLWithPath: temporary))
        throw Refusal()
      }
    }
    #expect(try FileBytes.read(path: path) == data)
    expectFileError(.exists, "--force") { try AtomicFile.write(to: path, force: false) { _ in } }
    #expect(folder.names == ["out"])
  }

  @Test func identitiesSeeThroughSpellingsAndLinks() throws {
    let folder = try TemporaryFolder()
    let manager = FileManager.default
    for name in ["a", "b"] { try data.write(to: URL(fileURLWithPath: folder.file(name))) }
    try manager.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "a")
    try manager.linkItem(atPath: folder.file("a"), toPath: folder.file("twin"))
    try manager.createSymbolicLink(atPath: folder.file("here"), withDestinationPath: ".")
    let a = try #require(FileIdentity(of: folder.file("a")))
    for same in ["./a", "link", "twin", "here/a", "./here//link"] {
      #expect(FileIdentity(of: folder.file(same)) == a, "\(same)")
    }
    #expect(FileIdentity(of: folder.file("b")) != a)
    let absent = try #require(FileIdentity(of: folder.file("new")))
    #expect(FileIdentity(of: folder.file("here/./new")) == absent && absent != a)
    #expect(FileIdentity(of: folder.file("newer")) != absent)
    #expect(
      FileIdentity(of: folder.file("no/new")) == nil
        && FileIdentity(of: folder.file("a/new")) == nil)
    let descriptor = open(folder.file("link"), O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    #expect(FileIdentity(descriptor: descriptor) == a && FileIdentity(descriptor: -1) == nil)
  }
}
