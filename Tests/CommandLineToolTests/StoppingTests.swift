import Foundation
import ModelFiles
import Testing

/// Limits, signals, checkpoints: what is found is written, and the code says why it ended.
@Suite struct StoppingTests {
  /// A width whose search takes long enough to be stopped.
  static let longWidth = "200000"

  private func longSearch(_ more: [String]) -> [String] {
    ["prune", Folder.target, "--width", Self.longWidth, "--seed", "1", "--threads", "1", "-o", Folder.ticket] + more
  }

  @Test func aWorkLimitEndsWithCode3AndTheSamePartialTicket() throws {
    let folder = try Folder()
    let first = try folder.prune("--work-limit", "20000", "--json")
    #expect(first.status == 3, "\(first.errors)")
    #expect(try first.json()["complete"] as? Bool == false)
    #expect(try folder.prune("--work-limit", "20000", "--threads", "1", output: "second").status == 3)
    #expect(try folder.bytes("second") == folder.bytes(Folder.ticket))
    let verified = try ToolRun("verify", Folder.ticket, "--target", Folder.target, in: folder)
    #expect(verified.status == 0 && verified.output.contains("complete"))
  }

  @Test func aTimeLimitEndsWithCode3() throws {
    let folder = try Folder()
    let run = try ToolRun(longSearch(["--time-limit", "0.05", "--json"]), in: folder)
    #expect(run.status == 3, "\(run.errors)")
    #expect(try run.json()["complete"] as? Bool == false)
  }

  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
  func aSignalEndsWithItsCodeAndTheBestSoFar(signal: Int32, code: Int32) throws {
    let folder = try Folder()
    let process = try ToolRun.start(longSearch(["--checkpoint", "c", "--json"]), in: folder)
    try waitForCheckpoint(folder, process)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    let run = try ToolRun(of: process, in: folder)
    #expect(run.status == code, "\(run.errors)")
    #expect(try run.json()["complete"] as? Bool == false)
    #expect(try !TicketFile(contentsOf: folder.file(Folder.ticket)).ticket.isComplete)
  }

  @Test func killedAndResumedGivesTheSameTicket() throws {
    let folder = try Folder()
    let process = try ToolRun.start(longSearch(["--checkpoint", "c"]), in: folder)
    try waitForCheckpoint(folder, process)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(try ToolRun(of: process, in: folder).status == -SIGKILL)
    #expect(!folder.exists(Folder.ticket))
    let found = try CheckpointFile.read(folder.file("c")).blocks.count
    #expect(found >= 1 && found < 7)

    let other = try ToolRun(
      "prune", Folder.target, "--width", Self.longWidth, "--seed", "2", "--checkpoint", "c", "--resume", "-o", "x",
      in: folder)
    other.expectBadInput("checkpoint", "seed", "2", "1")
    #expect(try ToolRun(longSearch(["--checkpoint", "c", "--resume"]), in: folder).status == 0)
    let resumed = try folder.bytes(Folder.ticket)
    #expect(try ToolRun(longSearch(["--force"]), in: folder).status == 0)
    #expect(try folder.bytes(Folder.ticket) == resumed)
  }

  private func waitForCheckpoint(_ folder: Folder, _ process: Process) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !folder.exists("c") {
      try #require(process.isRunning && ContinuousClock.now < deadline, "no checkpoint while it ran")
      Thread.sleep(forTimeInterval: 0.005)
    }
  }
}
