import Foundation
import ModelFiles
import Testing

/// `tombola pack` and `unpack`, and every command that reads tickets over a coded one.
@Suite struct PackCommandTests {
  private func data(_ name: String, in folder: Folder) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
  }

  @Test func everyCommandReadsTheCodedForm() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    let pack = try ToolRun("pack", Folder.ticket, "-o", "t.tombola", "--json", in: folder)
    #expect(pack.status == 0 && pack.errors.isEmpty, "\(pack.errors)")
    let figures = try pack.json()
    let size = try data("t.tombola", in: folder).count
    #expect(figures["bytes"] as? Int == size && figures["output"] as? String == "t.tombola")
    #expect(try figures["bytes_before"] as? Int == data(Folder.ticket, in: folder).count)

    let verify = try ToolRun(
      "verify", "t.tombola", "--target", Folder.target, "--data", Folder.data, "--json", in: folder)
    #expect(verify.status == 0, "\(verify.errors)\(verify.output)")
    #expect(try verify.json()["file_bits_per_weight"] as? Double == figures["file_bits_per_weight"] as? Double)
    let replay = try ToolRun("verify", "t.tombola", "--target", Folder.target, "--replay", "--json", in: folder)
    #expect(try replay.json()["replay"] as? Bool == true)
    let info = try ToolRun("info", "t.tombola", in: folder)
    #expect(info.status == 0 && info.output.contains("coded, \(size) bytes"), "\(info.output)")
    let compare = try ToolRun("compare", "t.tombola", "--target", Folder.target, "--json", in: folder)
    #expect(try compare.json()["file_bits_per_weight"] as? Double == figures["file_bits_per_weight"] as? Double)
    for (ticket, output) in [(Folder.ticket, "a.npz"), ("t.tombola", "b.npz")] {
      #expect(try ToolRun("export", ticket, "-o", output, in: folder).status == 0)
      #expect(try ToolRun("run", ticket, "--data", Folder.data, "-o", "y-" + output, in: folder).status == 0)
    }
    #expect(try data("a.npz", in: folder) == data("b.npz", in: folder))
    #expect(try data("y-a.npz", in: folder) == data("y-b.npz", in: folder))
    let unpack = try ToolRun("unpack", "t.tombola", "-o", "back.safetensors", in: folder)
    #expect(unpack.status == 0, "\(unpack.errors)")
    #expect(try data("back.safetensors", in: folder) == data(Folder.ticket, in: folder))
  }

  @Test func pruneWritesItAndClaimsMayBeLeftOut() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    let prune = try ToolRun(
      "prune", Folder.target, "--width", "60", "--seed", "1", "-o", "p.tombola", "--json", in: folder)
    #expect(prune.status == 0, "\(prune.errors)")
    let file = try TicketFile(contentsOf: folder.file("p.tombola"))
    let bytes = try data("p.tombola", in: folder).count
    #expect(file.isIntact && file.byteCount == bytes)
    #expect(try prune.json()["file_bits_per_weight"] as? Double == file.bitsPerWeight(ofBytes: bytes))
    let bare = try ToolRun("pack", Folder.ticket, "--without-claims", "-o", "b.tombola", in: folder)
    #expect(bare.status == 0 && bare.output.contains("bits per weight"), "\(bare.errors)")
    #expect(try TicketFile(contentsOf: folder.file("b.tombola")).claims == nil)
    let verify = try ToolRun("verify", "b.tombola", "--target", Folder.target, "--json", in: folder)
    #expect(verify.status == 0, "\(verify.errors)")
    let figures = try verify.json()
    #expect(figures["agrees"] is NSNull, "nothing disagrees, and nothing was claimed")
    #expect((figures["unchecked"] as? [String])?.contains { $0.hasPrefix("claims") } == true)
  }

  @Test func badInputIsOneLine() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    #expect(try ToolRun("pack", Folder.ticket, "-o", "t.tombola", in: folder).status == 0)
    let coded = try data("t.tombola", in: folder)
    try coded.dropLast(3).write(to: URL(fileURLWithPath: folder.file("cut.tombola")))
    var edited = coded
    edited[20] ^= 1
    try edited.write(to: URL(fileURLWithPath: folder.file("edited.tombola")))
    for command in [["info"], ["unpack", "-o", "x"], ["export", "-o", "x.npz"], ["pack", "-o", "y.tombola"]] {
      try ToolRun(command + ["cut.tombola"], in: folder).expectBadInput("cut.tombola", "expected")
    }
    try ToolRun("unpack", "edited.tombola", "-o", "x", in: folder).expectBadInput("edited or damaged")
    let verify = try ToolRun("verify", "edited.tombola", "--target", Folder.target, in: folder)
    #expect(verify.status == 1 && verify.errors.contains("edited"), "\(verify.errors)")
    try ToolRun("unpack", Folder.ticket, "-o", "x", in: folder).expectBadInput("coded ticket")
    try ToolRun("pack", Folder.target, "-o", "x", in: folder).expectBadInput(Folder.target)
    try ToolRun("pack", Folder.ticket, "-o", "t.tombola", in: folder).expectBadInput("--force")
    try ToolRun("pack", Folder.ticket, "-o", Folder.ticket, "--force", in: folder).expectBadInput("--output")
  }
}
