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

  /// The limit is the whole command's: figures on inputs are given up too, the ticket is not.
  @Test func aTimeLimitCoversTheFigures() throws {
    let folder = try Folder()
    let run = try folder.prune("--time-limit", "1e-6", "--data", Folder.data, "--json")
    #expect(run.status == 3, "\(run.errors)")
    let figures = try run.json()
    #expect(figures["complete"] as? Bool == false && figures["missing_reason"] as? String == "time limit")
    let missing = [
      "images", "target_accuracy", "ticket_accuracy", "unpruned_accuracy", "error_on_data", "error_lower_bound",
    ]
    #expect(figures["missing"] as? [String] == missing)
    for key in missing { #expect(figures[key] is NSNull, "\(key)") }
    #expect(figures["certified_error"] is Double)
    // What the ticket does claim is found again.
    let verified = try ToolRun(
      "verify", Folder.ticket, "--target", Folder.target, "--data", Folder.data, "--json", in: folder)
    #expect(verified.status == 0, "\(verified.errors)")
    #expect(try verified.json()["agrees"] as? Bool == true && verified.json()["ticket_accuracy"] is Double)
    let table = try folder.prune("--time-limit", "1e-6", "--data", Folder.data, "--force")
    #expect(table.output.contains("missing") && table.output.contains("time limit"), "\(table.output)")
  }

  /// Signals and their codes; SIGHUP only where whatever started the tests does not ignore it,
  /// which processes inherit.
  static let signals: [(Int32, Int32)] = {
    var action = sigaction()
    sigaction(SIGHUP, nil, &action)
    let isIgnored = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    let always: [(Int32, Int32)] = [(SIGINT, 130), (SIGTERM, 143), (SIGUSR1, 3)]
    return isIgnored ? always : always + [(SIGHUP, 129)]
  }()

  @Test(arguments: signals)
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

  /// What a work limit cut short stays so: resuming finds the same, and says the same.
  @Test func aWorkLimitStillHoldsForWhatIsResumed() throws {
    let folder = try Folder()
    let limited = ["--work-limit", "20000", "--checkpoint", "c"]
    let first = try ToolRun(
      ["prune", Folder.target, "--width", "300", "--solver", "greedy", "--seed", "1", "-o", "first", "--json"]
        + limited, in: folder)
    let resumed = try ToolRun(
      [
        "prune", Folder.target, "--width", "300", "--solver", "greedy", "--seed", "1", "-o", "resumed", "--json",
        "--resume",
      ] + limited,
      in: folder)
    #expect(first.status == 3 && resumed.status == 3, "\(first.errors)\(resumed.errors)")
    #expect(try resumed.json()["complete"] as? Bool == false)
    #expect(try folder.bytes("first") == folder.bytes("resumed"))
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
