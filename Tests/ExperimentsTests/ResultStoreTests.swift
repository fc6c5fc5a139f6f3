import Experiments
import Foundation
import LinearAlgebra
import RunControl
import SubsetSum
import Testing

/// Stores: what they refuse and how they say it, resuming, merging.
@Suite struct ResultStoreTests {
  private func small(seed: UInt64 = 1, trials: Int = 30) throws -> SweepSpecification {
    try SweepSpecification(dimensions: [1, 2], counts: [5, 7], epsilons: [0.1], trials: trials, seed: seed)
  }

  /// Runs SQL on a store, as another program could.
  private func change(_ path: String, _ sql: String) throws {
    try SQLiteFile(path).execute(sql)
  }

  private func expectError(_ parts: String..., from body: () throws -> Void, is isRight: (StoreError) -> Bool) {
    do {
      try body()
      Issue.record("no error")
    } catch let error as StoreError {
      #expect(isRight(error), "\(error)")
      for part in parts + ["expected", "found"] { #expect("\(error)".contains(part), "\(error)") }
    } catch { Issue.record("\(error)") }
  }

  @Test func anExistingStoreIsContinuedOnlyOnRequest() throws {
    let folder = try StoreFolder()
    let path = folder.file("s")
    let sweep = Sweep(try small())
    try sweep.run(storingIn: path)
    let bytes = try folder.csv("s")
    expectError(path, "--resume", from: { try sweep.run(storingIn: path) }) {
      if case .exists = $0 { true } else { false }
    }
    let again = try sweep.run(storingIn: path, resumes: true)
    #expect(again.added == 0 && again.stored == 120 && again.stop == nil)
    #expect(try folder.csv("s") == bytes)
    #expect(try ResultStore(reading: path).runs().map(\.trials) == [120, 0])
    for resumes in [false, true] {
      expectError(path, "digest", from: { try Sweep(try small(seed: 2)).run(storingIn: path, resumes: resumes) }) {
        if case .otherSpecification = $0 { true } else { false }
      }
    }
    #expect(try folder.csv("s") == bytes)
    #expect(!FileManager.default.fileExists(atPath: path + ".lock"))
  }

  @Test func missingTrialsAloneAreRunAgain() throws {
    let folder = try StoreFolder()
    let path = folder.file("s")
    let sweep = Sweep(try small())
    try sweep.run(storingIn: path)
    let bytes = try folder.csv("s")
    try change(path, "DELETE FROM trials WHERE cell = 1 OR trial % 7 = 3")
    let lost = 120 - (try ResultStore(reading: path).count())
    #expect(lost == 30 + 3 * 4)
    let again = try sweep.run(storingIn: path, resumes: true, workers: 2)
    #expect(again.added == lost && again.stored == 120)
    #expect(try folder.csv("s") == bytes)
  }

  @Test func aCancelledRunKeepsWhatWasDone() throws {
    let folder = try StoreFolder()
    let path = folder.file("s")
    let specification = try SweepSpecification(dimensions: [1], counts: [26], trials: 2000, seed: 1)
    let cancellation = Cancellation()
    let control = RunControl(cancellation: cancellation) { if $0.completed > 0 { cancellation.cancel() } }
    let outcome = try Sweep(specification).run(storingIn: path, control: control)
    #expect(outcome.stop == .cancelled && outcome.added > 0 && outcome.added < 2000)
    #expect(try ResultStore(reading: path).count() == outcome.added)
    let limited = try Sweep(specification).run(
      storingIn: path, resumes: true, control: RunControl(limits: Limits(seconds: 1e-3)))
    #expect(limited.stop == .timeLimit && limited.stored == outcome.added + limited.added)
    // A run that has ended by the time it is cancelled is complete.
    let rest = try Sweep(specification).run(storingIn: path, resumes: true)
    #expect(rest.stored == 2000 && rest.stop == nil)
    let fresh = folder.file("fresh")
    try Sweep(specification).run(storingIn: fresh)
    #expect(try folder.csv("fresh") == folder.csv("s"))
  }

  @Test func otherFilesAreRefused() throws {
    let folder = try StoreFolder()
    let sweep = Sweep(try small())
    let path = folder.file("s")
    func isNoStore(_ error: StoreError) -> Bool { if case .notAStore = error { true } else { false } }
    try Data("no database, but long enough to be looked at ".utf8).write(to: URL(fileURLWithPath: path))
    for resumes in [false, true] {
      expectError(path, from: { try sweep.run(storingIn: path, resumes: resumes) }, is: isNoStore)
    }
    expectError(path, from: { _ = try ResultStore(reading: path) }, is: isNoStore)
    try FileManager.default.removeItem(atPath: path)
    try change(path, "CREATE TABLE meta (key TEXT, value TEXT)")
    expectError(path, "another database", from: { _ = try ResultStore(reading: path) }, is: isNoStore)
    expectError(folder.path, from: { _ = try ResultStore(reading: folder.path) }, is: isNoStore)
    expectError(folder.path, from: { try sweep.run(storingIn: folder.path, resumes: true) }, is: isNoStore)
    expectError("none", from: { _ = try ResultStore(reading: folder.file("none")) }) {
      if case .notFound = $0 { true } else { false }
    }
    expectError("no/folder", from: { try sweep.run(storingIn: folder.file("no/folder/s")) }) {
      if case .notFound = $0 { true } else { false }
    }
    // What a writer leaves that was killed before its first transaction.
    try Data().write(to: URL(fileURLWithPath: folder.file("empty")))
    #expect(try sweep.run(storingIn: folder.file("empty")).added == 120)
  }

  @Test(arguments: [false, true]) func aStoreKilledInItsFirstTransactionIsMadeAnew(resumes: Bool) throws {
    let folder = try StoreFolder()
    let (open, killed) = (folder.file("open"), folder.file("killed"))
    let database = try SQLiteFile(open)
    // So small a cache that pages reach the file before the end, as they do within a commit.
    try database.execute("PRAGMA cache_size = 1; BEGIN; CREATE TABLE trials (x)")
    for _ in 0..<200 { try database.execute("INSERT INTO trials VALUES (randomblob(2000))") }
    for end in ["", "-journal"] { try FileManager.default.copyItem(atPath: open + end, toPath: killed + end) }
    try database.execute("ROLLBACK")
    #expect(try Data(contentsOf: URL(fileURLWithPath: killed)).count > 4096)
    #expect(try Sweep(try small()).run(storingIn: killed, resumes: resumes).added == 120)
    #expect(try ResultStore(reading: killed).count() == 120)
  }

  @Test func aNewerFormatIsLeftAsItIs() throws {
    let folder = try StoreFolder()
    let sweep = Sweep(try small())
    let path = folder.file("s")
    try sweep.run(storingIn: path)
    try change(path, "UPDATE meta SET value = '3' WHERE key = 'format_version'")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    func isFormat(_ error: StoreError) -> Bool { error == .otherFormat(path: path, expected: 2, found: "3") }
    for resumes in [false, true] {
      expectError("version 2", "version 3", from: { try sweep.run(storingIn: path, resumes: resumes) }, is: isFormat)
    }
    expectError("version 3", from: { _ = try ResultStore(reading: path) }, is: isFormat)
    expectError("version 3", from: { _ = try StoreMerge.merge([path], into: folder.file("m")) }, is: isFormat)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    #expect(!FileManager.default.fileExists(atPath: folder.file("m")))
  }

  /// A solver that gives up at the third trial of a cell.
  private struct Reluctant: Solver {
    let name = "reluctant"
    func solve(_ problem: Problem, control: RunControl) throws -> Solution {
      if problem.target[0] > 0.4 {
        throw SubsetSumError.unsupported(solver: name, expected: "a small target", found: "\(problem.target[0])")
      }
      return try Checker.solution(Claim(subset: []), for: problem)
    }
  }

  @Test func aTrialThatFailsIsNamedAndTheOthersAreKept() throws {
    let folder = try StoreFolder()
    let specification = try SweepSpecification(
      dimensions: [1], counts: [3], methods: [.solver(Reluctant())], trials: 100, seed: 1)
    do {
      try Sweep(specification).run(storingIn: folder.file("s"), workers: 1)
      Issue.record("no error")
    } catch let error as ExperimentError {
      guard case .failedTrial(let cell, let trial, _, let said) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(cell == 0 && said.contains("a small target"))
      #expect(try Sweep(specification).problem(cell: 0, trial: trial).target[0] > 0.4)
      #expect(try ResultStore(reading: folder.file("s")).count() == trial)
    }
  }

  @Test func mergedStoresMustAgree() throws {
    let folder = try StoreFolder()
    let sweep = Sweep(try small())
    let (whole, half, other) = (folder.file("whole"), folder.file("half"), folder.file("other"))
    try sweep.run(storingIn: whole)
    try sweep.run(storingIn: half, shard: try SweepShard(2, of: 2))
    try Sweep(try small(seed: 9)).run(storingIn: other)
    let half2 = try ResultStore(reading: half).count()
    let merged = try StoreMerge.merge([half, whole], into: folder.file("m"))
    #expect(merged == StoreMerge.Outcome(trials: 120, total: 120, duplicates: half2))
    #expect(try folder.csv("m") == folder.csv("whole"))
    // A merged store goes on like any other.
    #expect(try sweep.run(storingIn: folder.file("m"), resumes: true).added == 0)

    #expect(throws: (any Error).self) { try StoreMerge.merge([half], into: folder.file("m")) }
    #expect(try StoreMerge.merge([half], into: folder.file("m"), force: true).trials == half2)
    expectError("other", "digest", from: { _ = try StoreMerge.merge([whole, other], into: folder.file("x")) }) {
      if case .otherSpecification = $0 { true } else { false }
    }
    let row = try #require(try folder.csv("half").split(separator: "\n").dropFirst().first).split(separator: ",")
    let (cell, trial) = (Int(row[0])!, Int(row[1])!)
    try change(half, "UPDATE trials SET error = 0.125 WHERE cell = \(cell) AND trial = \(trial)")
    expectError("half", "0.125", from: { _ = try StoreMerge.merge([whole, half], into: folder.file("x")) }) {
      if case .disagreement(_, cell, trial, _, _) = $0 { true } else { false }
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["half", "m", "other", "whole"])
  }

  @Test func oneWriterAtATime() throws {
    let folder = try StoreFolder()
    let path = folder.file("s")
    let specification = try small()
    let tried = Guarded(false)
    let control = RunControl { _ in
      let isFirst = tried.withLock { tried in
        defer { tried = true }
        return !tried
      }
      if !isFirst { return }
      expectError(
        path, "only writer", "process \(getpid())",
        from: { try Sweep(specification).run(storingIn: path, resumes: true) }
      ) {
        if case .inUse = $0 { true } else { false }
      }
      // Reading is free meanwhile.
      #expect((try? ResultStore(reading: path).count()) != nil)
    }
    try Sweep(specification).run(storingIn: path, workers: 1, control: control)
    #expect(tried.withLock { $0 })
    #expect(try ResultStore(reading: path).count() == 120)
  }
}
