import Foundation
import ModelFiles
import Pruning
import Testing
import Tickets

/// `prune --mode calibrated` as a user types it. The same images stand for calibration and for
/// accuracy.
@Suite struct CalibratedCommandTests {
  private static let options = ["--mode", "calibrated", "--calibration", Folder.data]

  private func prune(_ folder: Folder, _ more: String..., output: String = Folder.ticket) throws -> ToolRun {
    try ToolRun(
      ["prune", Folder.target, "--width", "300", "--seed", "5", "-o", output] + Self.options + more, in: folder)
  }

  @Test func aTicketThatVerifies() throws {
    let folder = try Folder()
    let run = try prune(folder, "--data", Folder.data, "--json")
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    #expect(try run.json()["complete"] as? Bool == true)
    let file = try TicketFile(contentsOf: folder.file(Folder.ticket))
    #expect(file.ticket.mode == .calibrated && file.ticket.calibrationDigest?.count == 64 && file.isIntact)
    let verified = try ToolRun(
      "verify", Folder.ticket, "--target", Folder.target, "--data", Folder.data, "--json", in: folder)
    #expect(verified.status == 0, "\(verified.errors)")
    #expect(try verified.json()["agrees"] as? Bool == true)
    let info = try ToolRun("info", Folder.ticket, in: folder)
    #expect(info.status == 0 && info.output.contains("calibrated"), "\(info.output)")
    #expect(try ToolRun("export", Folder.ticket, "-o", "pruned.onnx", in: folder).status == 0)
  }

  /// The damping that nobody chose is the width's, and stands in the ticket.
  @Test(arguments: [(999, 0.1), (1000, 0.3), (1999, 0.3), (2000, 1.0)])
  func dampingSuitsTheWidth(width: Int, damping: Double) throws {
    let folder = try Folder()
    let prune = ["prune", Folder.target, "--width", "\(width)", "--seed", "5", "-o", Folder.ticket] + Self.options
    let run = try ToolRun(prune + ["--time-limit", "60", "--json"], in: folder)
    #expect(try run.json()["damping"] as? Double == damping, "\(run.errors)")
    #expect(try TicketFile(contentsOf: folder.file(Folder.ticket)).search?.calibration?.damping == damping)
    let chosen = try ToolRun(prune + ["--damping", "0.5", "--time-limit", "60", "--force", "--json"], in: folder)
    #expect(try chosen.json()["damping"] as? Double == 0.5, "\(chosen.errors)")
  }

  @Test func threadsChangeNoByteAndOptionsCount() throws {
    let folder = try Folder()
    #expect(try prune(folder, "--threads", "1").status == 0)
    let bytes = try folder.bytes(Folder.ticket)
    for threads in ["2", "4"] {
      #expect(try prune(folder, "--threads", threads, "--force").status == 0)
      #expect(try folder.bytes(Folder.ticket) == bytes)
    }
    for more in [["--sweeps", "0"], ["--damping", "0.5"], ["--metric", "logits"]] {
      #expect(try prune(folder, more[0], more[1], "--force").status == 0)
      #expect(try folder.bytes(Folder.ticket) != bytes)
    }
    #expect(try prune(folder, "--metric", "logits", "--force").status == 0)
    let even = try folder.bytes(Folder.ticket)
    #expect(try prune(folder, "--metric", "logits", "--mix", "0.2", "--force").status == 0)
    #expect(try folder.bytes(Folder.ticket) != even)
    let replay = try ToolRun(
      "verify", Folder.ticket, "--target", Folder.target, "--replay", "--calibration", Folder.data, in: folder)
    #expect(replay.status == 0 && replay.output.contains("the same blocks again"), "\(replay.errors)")
  }

  @Test func labelsAreNotRead() throws {
    let folder = try Folder()
    let archive = try NumPyArchive(path: folder.file(Folder.data))
    let pixels = try archive.array("x").floats()
    for (name, labels) in [("none.npz", nil), ("wrong.npz", [Int64](repeating: 999, count: 50))] {
      var entries = [NumPyArchive.Entry(name: "x", array: try NumPyArray(shape: [50, 2, 6, 4], floats: pixels))]
      if let labels { entries.append(.init(name: "y", array: try NumPyArray(shape: [50], int64s: labels))) }
      try folder.write(try NumPyArchive(entries: entries).serialized(), to: name)
      let run = try ToolRun(
        "prune", Folder.target, "--width", "300", "--seed", "5", "-o", name + ".ticket", "--mode", "calibrated",
        "--calibration", name, in: folder)
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(try prune(folder).status == 0)
    #expect(try folder.bytes("none.npz.ticket") == folder.bytes(Folder.ticket))
    #expect(try folder.bytes("wrong.npz.ticket") == folder.bytes(Folder.ticket))
  }

  @Test func whatIsMissingOrSuperfluousIsNamed() throws {
    let folder = try Folder()
    try folder.prune("--mode", "calibrated").expectBadInput("--mode calibrated", "--calibration")
    try folder.prune("--calibration", Folder.data).expectBadInput("--calibration", "--mode calibrated")
    try folder.prune("--sweeps", "2").expectBadInput("--sweeps", "--mode calibrated")
    try folder.prune("--damping", "2").expectBadInput("--damping", "--mode calibrated")
    try folder.prune("--metric", "logits").expectBadInput("--metric", "--mode calibrated")
    try prune(folder, "--metric", "inputs").expectBadInput("--metric", "logits", "inputs")
    try prune(folder, "--mix", "2").expectBadInput("--mix", "--metric logits")
    try folder.prune("--mix", "2").expectBadInput("--mix", "--mode calibrated")
    try prune(folder, "--metric", "logits", "--mix", "0").expectBadInput("mix")
    try prune(folder, "--sweeps=-1").expectBadInput("calibration", "sweeps", "-1")
    try prune(folder, "--damping", "0").expectBadInput("calibration", "damping", "0")
    try prune(folder, "--damping", "some").expectBadInput("--damping", "number", "some")
    try prune(folder, "--scale", "3,0", "--input-range=-1,1").expectBadInput("--input-range", "[-1.0, 1.0]")
    try folder.prune("--mode", "calibrated", "--calibration", "nowhere.npz").expectBadInput("nowhere.npz")
    #expect(!folder.exists(Folder.ticket))
  }

  @Test func killedAndResumedGivesTheSameTicket() throws {
    let folder = try Folder()
    let long = ["prune", Folder.target, "--width", "60000", "--seed", "1", "-o", Folder.ticket] + Self.options
    let process = try ToolRun.start(long + ["--checkpoint", "c"], in: folder)
    let deadline = ContinuousClock.now + .seconds(60)
    while !folder.exists("c") {
      try #require(process.isRunning && ContinuousClock.now < deadline, "no checkpoint while it ran")
      Thread.sleep(forTimeInterval: 0.002)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(!folder.exists(Folder.ticket))
    #expect(try ToolRun(long + ["--checkpoint", "c", "--resume"], in: folder).status == 0)
    let resumed = try folder.bytes(Folder.ticket)
    #expect(try ToolRun(long + ["--force"], in: folder).status == 0)
    #expect(try folder.bytes(Folder.ticket) == resumed)
  }

  @Test func epsilonFindsAWidth() throws {
    let folder = try Folder()
    func run(_ more: String...) throws -> ToolRun {
      try ToolRun(["prune", Folder.target, "--seed", "5", "-o", Folder.ticket, "--force"] + more, in: folder)
    }
    let found = try run("--epsilon", "0.5", "--json")
    #expect(found.status == 0, "\(found.errors)")
    let figures = try found.json()
    let certified = try #require(figures["certified_error"] as? Double)
    #expect(certified <= 0.5)
    #expect(figures["epsilon"] as? Double == 0.5)
    let tried = try #require(figures["widths_tried"] as? [[String: Any]])
    #expect(tried.contains { $0["width"] as? Int == figures["width"] as? Int })
    #expect(try ToolRun("verify", Folder.ticket, "--target", Folder.target, in: folder).status == 0)
    let missed = try run("--epsilon", "1e-7", "--largest-width", "128")
    #expect(missed.status == 1 && missed.output.contains("not reached; widths tried: 64 128"), "\(missed.output)")
    try run().expectBadInput("--width", "--epsilon", "neither")
    try run("--width", "9", "--epsilon", "1").expectBadInput("--width", "both")
    try run("--width", "9", "--largest-width", "100").expectBadInput("--largest-width", "--epsilon")
    try run("--epsilon", "1", "--checkpoint", "c").expectBadInput("--checkpoint", "--width")
    try run("--epsilon", "0").expectBadInput("epsilon", "0")
  }

  @Test func replayFindsTheSameBlocksOrSaysNo() throws {
    let folder = try Folder()
    func verify(_ ticket: String, _ more: String...) throws -> ToolRun {
      try ToolRun(["verify", ticket, "--target", Folder.target, "--replay"] + more, in: folder)
    }
    #expect(try prune(folder, "--sweeps", "2", "--damping", "0.01").status == 0)
    let same = try verify(Folder.ticket, "--calibration", Folder.data, "--json")
    #expect(same.status == 0, "\(same.errors)")
    #expect(try same.json()["replay"] as? Bool == true)
    try verify(Folder.ticket).expectBadInput("--replay", "--calibration")
    // Another plan than the one that the ticket came from measured errors otherwise.
    let file = try TicketFile(contentsOf: folder.file(Folder.ticket))
    var other = try #require(file.search)
    other.mode = .calibrated(CalibrationPlan(damping: 0.02, sweeps: 2))
    try TicketFile(ticket: file.ticket, claims: file.claims, search: other)
      .write(to: folder.file("retold"), force: false)
    try verify("retold", "--calibration", Folder.data).expectBadInput("--calibration", "digest")
    #expect(try folder.prune("--work-limit", "5000", output: "weights").status == 3)
    #expect(try verify("weights").output.contains("the same blocks again"))
    try verify("weights", "--calibration", Folder.data).expectBadInput("--calibration", "mode weights")
    // An honest ticket of other blocks, said to be of this search.
    let weights = try TicketFile(contentsOf: folder.file("weights"))
    #expect(try folder.prune("--solver", "iterated-greedy", output: "other").status == 0)
    let improved = try TicketFile(contentsOf: folder.file("other"))
    #expect(improved.ticket.blocks != weights.ticket.blocks)
    let forged = TicketFile(ticket: improved.ticket, claims: improved.claims, search: weights.search)
    try forged.write(to: folder.file("forged"), force: false)
    let refused = try verify("forged")
    #expect(refused.status == 1 && refused.output.contains("NO: the search found other blocks"), "\(refused.output)")
    try TicketFile(ticket: improved.ticket, claims: improved.claims).write(to: folder.file("silent"), force: false)
    try verify("silent").expectBadInput("--replay", "none")
  }
}
