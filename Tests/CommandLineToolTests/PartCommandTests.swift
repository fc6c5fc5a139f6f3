import Foundation
import ModelFiles
import Testing

/// `tombola prune --shard` and `tombola merge --target`.
@Suite struct PartCommandTests {
  private func part(_ shard: String, _ output: String, in folder: Folder, _ more: String...) throws -> ToolRun {
    try ToolRun(
      [
        "prune", Folder.target, "--width", "300", "--solver", "greedy", "--seed", "18446744073709551615", "--shard",
        shard, "-o", output,
      ]
        + more, in: folder)
  }

  private func merge(_ output: String, _ parts: [String], in folder: Folder, _ more: String...) throws -> ToolRun {
    try ToolRun(["merge", output] + parts + ["--target", Folder.target] + more, in: folder)
  }

  @Test func partsMergeToTheTicketOfOneRun() throws {
    let folder = try Folder()
    // With data the input range is that of the images.
    for more in [[], ["--data", Folder.data], ["--work-limit", "20000"]] {
      let isLimited = more.first == "--work-limit"
      let whole = try ToolRun(
        [
          "prune", Folder.target, "--width", "300", "--solver", "greedy", "--seed", "18446744073709551615", "--force",
          "-o", Folder.ticket,
        ]
          + more, in: folder)
      #expect(whole.status == (isLimited ? 3 : 0), "\(whole.errors)")
      for count in [2, 9] {
        let names = (1...count).map { "part-\($0)" }
        var limited = 0
        for (index, name) in names.enumerated() {
          let run = try ToolRun(
            [
              "prune", Folder.target, "--width", "300", "--solver", "greedy", "--seed", "18446744073709551615",
              "--shard",
              "\(index + 1)/\(count)", "--force", "-o", name, "--json",
            ] + more, in: folder)
          #expect(run.status == 0, "\(run.errors)")
          let json = try run.json()
          #expect(json["complete"] as? Bool == true && json["shard"] as? String == "\(index + 1)/\(count)")
          #expect(json["found"] as? Int == json["blocks"] as? Int && json["output"] as? String == name)
          limited += try #require(json["limited"] as? Int)
        }
        #expect((limited > 0) == isLimited)
        let data = more.first == "--data" ? more : []
        let merged = try ToolRun(
          ["merge", "merged", "--force"] + names.shuffled() + ["--target", Folder.target, "--json"] + data, in: folder)
        #expect(merged.status == whole.status, "\(merged.errors)")
        #expect(try folder.bytes("merged") == folder.bytes(Folder.ticket), "\(more), \(count) parts")
        #expect(try merged.json()["complete"] as? Bool == !isLimited)
      }
    }
    let verified = try ToolRun("verify", "merged", "--target", Folder.target, in: folder)
    #expect(verified.status == 0, "\(verified.errors)")
  }

  @Test func aDamagedMissingOrForeignPartIsRefused() throws {
    let folder = try Folder()
    for index in 1...3 { #expect(try part("\(index)/3", "p\(index)", in: folder).status == 0) }
    try merge("t", ["p1", "p3"], in: folder).expectBadInput("blocks", "missing", "layer")
    try ToolRun("merge", "t", "p1", "p2", "p3", in: folder).expectBadInput("--target", "'p1'")
    var bytes = try folder.bytes("p2")
    bytes[bytes.count - 1] ^= 1
    try folder.write(bytes, to: "damaged")
    try merge("t", ["p1", "damaged", "p3"], in: folder).expectBadInput("damaged", "digest")
    try folder.write(bytes.dropLast(3), to: "short")
    try merge("t", ["p1", "short", "p3"], in: folder).expectBadInput("short")
    let other = try ToolRun(
      "prune", Folder.target, "--width", "300", "--solver", "greedy", "--seed", "2", "--shard", "2/3", "-o", "other",
      in: folder)
    #expect(other.status == 0)
    try merge("t", ["p1", "other", "p3"], in: folder).expectBadInput("'other'", "seed", "2")
    try Folder.targetDocument(scale: 2).serialized().write(to: URL(fileURLWithPath: folder.file("twice.onnx")))
    try ToolRun("merge", "t", "p1", "p2", "p3", "--target", "twice.onnx", in: folder).expectBadInput("target digest")
    try merge("p1", ["p1", "p2", "p3"], in: folder).expectBadInput("OUT", "'p1'")
    #expect(!folder.exists("t"))
    #expect(try merge("t", ["p1", "p2", "p3"], in: folder).status == 0)
    try merge("t", ["p1", "p2", "p3"], in: folder).expectBadInput("t:", "--force")
    let first = try folder.bytes("t")
    #expect(try merge("t", ["p3", "p2", "p1", "p2"], in: folder, "--force").status == 0)
    #expect(try folder.bytes("t") == first)
  }

  @Test func optionsThatDoNotGoTogetherAreNamed() throws {
    let folder = try Folder()
    for shard in ["0/2", "3/2", "2", "1/", "a/2", "1/2/3", "1/1048577"] {
      try part(shard, "p", in: folder).expectBadInput("--shard", "'\(shard)'")
    }
    try part("1/2", "p", in: folder, "--checkpoint", "c").expectBadInput("--checkpoint", "'c'")
    try part("1/2", "p", in: folder, "--mode", "calibrated", "--calibration", Folder.data)
      .expectBadInput("--shard", "--mode weights")
    try ToolRun(
      "prune", Folder.target, "--epsilon", "1", "--seed", "1", "--shard", "1/2", "-o", "p", in: folder
    ).expectBadInput("--shard", "--width")
    #expect(!folder.exists("p"))
    #expect(try part("1/2", "p", in: folder).status == 0)
    try part("1/2", "p", in: folder).expectBadInput("p:", "--resume", "--force")
    try part("2/2", "p", in: folder, "--resume").expectBadInput("part", "2/2", "1/2")
    #expect(try part("1/2", "p", in: folder, "--resume").status == 0)
    // What is no part stays, whatever is asked for.
    try part("1/2", Folder.data, in: folder, "--force").expectBadInput(Folder.data)
    try ToolRun("merge", "t", "p", "--data", Folder.data, in: folder).expectBadInput("--data", "--target")
  }

  /// A scheduler's signals end a part with its blocks so far; killed or stopped, it goes on.
  @Test(arguments: [
    (SIGTERM, Int32(3)), (SIGUSR1, Int32(3)), (SIGINT, Int32(130)), (SIGKILL, Int32(-9)),
  ])
  func aStoppedPartGoesOn(signal: Int32, code: Int32) throws {
    let folder = try Folder()
    let arguments = [
      "prune", Folder.target, "--width", StoppingTests.longWidth, "--solver", "greedy", "--seed", "1", "--threads", "1",
      "--shard", "1/2",
      "--resume", "-o", "p",
    ]
    let process = try ToolRun.start(arguments + ["--json"], in: folder)
    let deadline = ContinuousClock.now + .seconds(60)
    while !folder.exists("p") {
      try #require(process.isRunning && ContinuousClock.now < deadline, "no block while it ran")
      Thread.sleep(forTimeInterval: 0.002)
    }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    let run = try ToolRun(of: process, in: folder)
    #expect(run.status == code, "\(run.errors)")
    if code > 0 {
      #expect(try run.json()["complete"] as? Bool == false && run.json()["stop"] as? String == "cancelled")
    }
    let found = try CheckpointFile.read(folder.file("p")).blocks.count
    let resumed = try ToolRun(arguments + ["--json"], in: folder)
    #expect(resumed.status == 0, "\(resumed.errors)")
    let json = try resumed.json()
    #expect(json["complete"] as? Bool == true && json["added"] as? Int == (json["blocks"] as? Int ?? 0) - found)
    let bytes = try folder.bytes("p")
    #expect(try ToolRun(arguments.dropLast(3) + ["-o", "whole"], in: folder).status == 0)
    #expect(try folder.bytes("whole") == bytes)
  }
}
