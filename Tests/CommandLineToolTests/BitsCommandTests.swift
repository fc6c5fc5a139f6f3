import Foundation
import ModelFiles
import Testing
import Tickets

/// `solve --bits`, `prune --bits` and `rate-distortion` as a user types them.
@Suite struct BitsCommandTests {
  @Test func solveCodesVectorsInTheirBits() throws {
    let folder = try Folder()
    let options = ["solve", "--bits", "3", "--dimension", "16", "--vectors", "20", "--seed", "4", "--count", "2000"]
    let run = try ToolRun(options + ["--beam", "8", "--code", "v.bin", "--json"], in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let figures = try run.json()
    let bytes = try folder.bytes("v.bin")
    #expect(figures["file_bytes"] as? Int == bytes.count && bytes.count <= 120 && bytes.count >= 112)
    #expect(figures["file_bits_per_entry"] as? Double == Double(8 * bytes.count) / 320)
    let error = try #require(figures["relative_error"] as? Double)
    #expect(error < 0.07 && error > (figures["shannon"] as? Double ?? 1))
    let code = try VectorCode(decoding: [UInt8](bytes))
    #expect(figures["kept_filters"] as? Int == code.kept.reduce(0) { $0 + $1.count })
    for threads in ["1", "3"] {
      let again = try ToolRun(
        options + ["--beam", "8", "--code", "w.bin", "--force", "--threads", threads], in: folder)
      #expect(again.status == 0 && again.output.contains("Shannon's bound"), "\(again.errors)")
      #expect(try folder.bytes("w.bin") == bytes)
    }
    try ToolRun(options + ["--code", "v.bin"], in: folder).expectBadInput("v.bin")
    try ToolRun(options + ["--solver", "beam"], in: folder).expectBadInput("--solver", "--bits")
    try ToolRun(options + ["--law", "cauchy"], in: folder).expectBadInput("gaussian or laplacian")
    try ToolRun(["solve", "--bits", "2", "--dimension", "8"], in: folder).expectBadInput("--seed")
    try ToolRun(["solve", "--bits", "2", "--seed", "8"], in: folder).expectBadInput("--dimension")
    try ToolRun(["solve", "--vectors", "2", "--dimension", "8", "--count", "9", "--seed", "1"], in: folder)
      .expectBadInput("--bits B beside it")
  }

  @Test(arguments: [false, true]) func pruneWritesAFileOfSoManyBits(isCalibrated: Bool) throws {
    let folder = try Folder()
    let mode = isCalibrated ? ["--mode", "calibrated", "--calibration", Folder.data] : []
    // A small target, of which names and digests alone take some bits a weight.
    let options = ["prune", Folder.target, "--width", "300", "--seed", "2", "--beam", "4", "--data", Folder.data]
    let run = try ToolRun(options + mode + ["--bits", "12", "-o", "t.tombola", "--json"], in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let figures = try run.json()
    let file = try TicketFile(contentsOf: folder.file("t.tombola"))
    let size = try folder.bytes("t.tombola").count
    // A reader of JSON may round the last digit otherwise.
    let stated = try #require(figures["file_bits_per_weight"] as? Double)
    #expect(abs(stated / file.bitsPerWeight(ofBytes: size) - 1) < 1e-15)
    #expect(file.bitsPerWeight(ofBytes: size) <= 12 && file.bitsPerWeight(ofBytes: size) > 9)
    #expect(file.isIntact && file.claims == nil && file.ticket.hasShortDigests && file.ticket.isComplete)
    let verify = try ToolRun(
      "verify", "t.tombola", "--target", Folder.target, "--data", Folder.data, "--json", in: folder)
    #expect(verify.status == 0, "\(verify.errors)\(verify.output)")
    let again = try verify.json()
    for key in ["ticket_accuracy", "max_weight_error", "kept_filters", "file_bits_per_weight"] {
      #expect(again[key] as? Double == figures[key] as? Double && again[key] is NSNumber, "\(key)")
    }
    let unpack = try ToolRun("unpack", "t.tombola", "-o", "u.safetensors", in: folder)
    #expect(unpack.status == 0, "\(unpack.errors)")
    #expect(try ToolRun("pack", "u.safetensors", "-o", "p.tombola", in: folder).status == 0)
    #expect(try folder.bytes("p.tombola") == folder.bytes("t.tombola"))
    try ToolRun(options + mode + ["--bits", "1", "-o", "s.tombola"], in: folder).expectBadInput("bits", "bytes")
    try ToolRun(options + mode + ["--bits", "9", "-o", "s.safetensors"], in: folder).expectBadInput(".tombola")
    try ToolRun(options + mode + ["--bits", "9", "--solver", "greedy", "-o", "s.tombola"], in: folder)
      .expectBadInput("--solver")
  }

  @Test func rateDistortionPrintsMedians() throws {
    let folder = try Folder()
    let run = try ToolRun(
      "rate-distortion", Folder.target, "--dimensions", "12", "--rates", "2,3", "--seeds", "1,2,3", "--count", "1000",
      "--entries", "240", "--beam", "4", "--json", in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    #expect(rows.count >= 4 && rows.contains { $0["source"] as? String == "laplacian" })
    for row in rows {
      let bits = try #require(row["file_bits_per_entry"] as? Double)
      let asked = try #require(row["bits"] as? Double)
      #expect(bits <= asked && row["seeds"] as? Int == 3)
      let error = try #require(row["relative_error"] as? Double)
      #expect((row["least_relative_error"] as? Double ?? 2) <= error)
      #expect((row["greatest_relative_error"] as? Double ?? 0) >= error)
    }
    try ToolRun("rate-distortion", "--rates", "0", in: folder).expectBadInput("--rates")
  }
}
