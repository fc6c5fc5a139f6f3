import Experiments
import Foundation
import LinearAlgebra
import RunControl
import Testing

/// Names of stores: a name is a place on the disk, and two names of one file are one store.
@Suite struct StorePathTests {
  private func small() throws -> Sweep {
    Sweep(try SweepSpecification(dimensions: [1], counts: [4], trials: 5, seed: 1))
  }

  @Test(arguments: [":memory:", "file:x", "file:x?mode=memory", "x?mode=memory&cache=shared", " ", "a%20b", "-s"])
  func whatLooksLikeSomethingElseIsAFile(name: String) throws {
    let folder = try StoreFolder()
    #expect(try small().run(storingIn: folder.file(name)).added == 5)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    #expect(try ResultStore(reading: folder.file(name)).count() == 5)
    #expect(try StoreMerge.merge([folder.file(name)], into: folder.file("file:m?vfs=none")).trials == 5)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [name, "file:m?vfs=none"].sorted())
  }

  @Test(arguments: ["", "a\u{0}b"]) func noNameIsRefused(name: String) throws {
    #expect(throws: StoreError.self) { try small().run(storingIn: name) }
    #expect(throws: StoreError.self) { try ResultStore(reading: name) }
  }

  @Test func aLinkIsItsFile() throws {
    let folder = try StoreFolder()
    let manager = FileManager.default
    try manager.createDirectory(atPath: folder.file("deep"), withIntermediateDirectories: false)
    // To a file that there is not yet, by way of another link and a relative name.
    try manager.createSymbolicLink(atPath: folder.file("one"), withDestinationPath: "deep/two")
    try manager.createSymbolicLink(atPath: folder.file("deep/two"), withDestinationPath: "../s")
    let sweep = try small()
    let calls = Guarded(0)
    let control = RunControl { _ in
      let isFirst = calls.withLock { calls in
        calls += 1
        return calls == 1
      }
      if !isFirst { return }
      for name in ["one", "deep/two", "s"] {
        do {
          try sweep.run(storingIn: folder.file(name), resumes: true)
          Issue.record("two writers")
        } catch {
          guard case .inUse(folder.file(name), _) = error as? StoreError else {
            Issue.record("\(error)")
            return
          }
        }
      }
    }
    try sweep.run(storingIn: folder.file("one"), workers: 1, control: control)
    #expect(try ResultStore(reading: folder.file("s")).count() == 5)
    #expect(try sweep.run(storingIn: folder.file("deep/two"), resumes: true).added == 0)
    #expect(try manager.contentsOfDirectory(atPath: folder.path).sorted() == ["deep", "one", "s"])
    // Links that lead nowhere end.
    try manager.createSymbolicLink(atPath: folder.file("round"), withDestinationPath: "round")
    #expect(throws: StoreError.self) { try sweep.run(storingIn: folder.file("round")) }
    // A second name would have a lock and a journal of its own.
    try manager.linkItem(atPath: folder.file("s"), toPath: folder.file("hard"))
    #expect(throws: StoreError.self) { try sweep.run(storingIn: folder.file("hard"), resumes: true) }
    #expect(try ResultStore(reading: folder.file("hard")).count() == 5)
  }
}
