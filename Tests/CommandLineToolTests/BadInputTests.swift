import Foundation
import ModelFiles
import Testing

/// Wrong options and damaged files: code 2, one line, and nothing lost. Failed verification: code
/// 1.
@Suite struct BadInputTests {
  @Test func wrongOptionsAreNamed() throws {
    let folder = try Folder()
    try folder.prune("--mode", "guess").expectBadInput("--mode", "weights", "'guess'")
    try folder.prune("--solver", "oracle").expectBadInput("--solver", "greedy", "'oracle'")
    try folder.prune("--threads", "0").expectBadInput("--threads", "1 to 4096", "0")
    try folder.prune("--time-limit", "-1").expectBadInput("--time-limit")
    try folder.prune("--time-limit", "nan").expectBadInput("--time-limit")
    try folder.prune("--memory-limit", "lots").expectBadInput("--memory-limit", "lots")
    try folder.prune("--memory-limit", "10K").expectBadInput("memory limit", "gradients", "10240")
    try folder.prune("--memory-limit", "53K").expectBadInput("memory", "layer")
    try folder.prune("--input-range", "1,-1").expectBadInput("input")
    try folder.prune("--input-range", "-1,inf").expectBadInput("--input-range")
    try folder.prune("--input-range", "1").expectBadInput("--input-range", "A,B")
    try folder.prune("--resume").expectBadInput("--resume", "--checkpoint")
    try folder.prune("--scale", "1,0").expectBadInput("--scale", "--data")
    try folder.prune("--work-limit", "-5").expectBadInput("work-limit")
    try folder.prune("--no-such-option").expectBadInput("--no-such-option")
    for width in ["0", "-3", "x", "99999999999999999999"] {
      let run = try ToolRun("prune", Folder.target, "--width=\(width)", "--seed", "1", "-o", "t", in: folder)
      run.expectBadInput("width")
    }
    try ToolRun("prune", Folder.target, "--width=5", "--seed=-1", "-o", "t", in: folder).expectBadInput("seed")
    try ToolRun("prune", Folder.target, "--width=5", "-o", "t", in: folder).expectBadInput("--seed")
    try ToolRun("draw", in: folder).expectBadInput("draw")
    #expect(!folder.exists(Folder.ticket) && !folder.exists("t"))
  }

  @Test func anExistingOutputIsKeptUnlessForced() throws {
    let folder = try Folder()
    try folder.write(Data("precious".utf8), to: Folder.ticket)
    try folder.prune().expectBadInput(Folder.ticket, "--force")
    #expect(try folder.bytes(Folder.ticket) == Data("precious".utf8))
    #expect(try folder.prune("--force").status == 0)
    try folder.write(Data("precious".utf8), to: "out.npz")
    try ToolRun("export", Folder.ticket, "-o", "out.npz", in: folder).expectBadInput("out.npz")
    #expect(try folder.bytes("out.npz") == Data("precious".utf8))
    try folder.prune(output: "no/such/folder/t").expectBadInput("no/such/folder")
    try ToolRun("export", Folder.ticket, "-o", "out.txt", in: folder).expectBadInput("--output", ".npz", "out.txt")
  }

  /// A file of each kind: whole, cut at each of many places, with bytes behind its end, and as
  /// noise.
  @Test func damagedFilesAreOneLine() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    var idx = Data([0, 0, 8, 3])
    for size: UInt32 in [50, 6, 4] { idx.append(contentsOf: withUnsafeBytes(of: size.bigEndian) { Data($0) }) }
    idx.append(Data(repeating: 7, count: 1200))
    let images = "images/t10k-images-idx3-ubyte"
    try FileManager.default.createDirectory(atPath: folder.file("images"), withIntermediateDirectories: true)
    let uses: [(file: String, bytes: Data, names: String, arguments: [String])] = [
      ("damaged.onnx", try folder.bytes(Folder.target), "damaged.onnx", ["info", "damaged.onnx"]),
      (
        "damaged.onnx", try folder.bytes(Folder.target), "damaged.onnx",
        ["prune", "damaged.onnx", "--width", "9", "--seed", "1", "-o", "t"]
      ),
      (
        "damaged.safetensors", try folder.bytes(Folder.ticket), "damaged.safetensors",
        ["export", "damaged.safetensors", "-o", "x.npz"]
      ),
      (
        "damaged.npz", try folder.bytes(Folder.data), "damaged.npz",
        ["verify", Folder.ticket, "--target", Folder.target, "--data", "damaged.npz"]
      ),
      (images, idx, "images", ["verify", Folder.ticket, "--target", Folder.target, "--data", "images"]),
    ]
    let nonsense = Data((0..<5000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) })
    for use in uses {
      let size = use.bytes.count
      var damages = [0, 1, 7, 8, 9, size / 3, size / 2, size - 20, size - 1].map { use.bytes.prefix($0) }
      damages += [use.bytes + Data([1, 2, 3]), nonsense, Data(repeating: 0xFF, count: 64), Data(count: 64)]
      for damage in damages {
        try folder.write(damage, to: use.file)
        let run = try ToolRun(use.arguments, in: folder)
        run.expectBadInput(use.names)
      }
    }
    #expect(!folder.exists("t") && !folder.exists("x.npz"))
  }

  @Test func dataThatDoesNotFitIsRefusedBeforeTheSearch() throws {
    let folder = try Folder()
    func data(_ name: String, _ shape: [Int], _ value: Float, labels: [Int64]) throws -> String {
      let archive = try NumPyArchive(entries: [
        NumPyArchive.Entry(
          name: "x",
          array: NumPyArray(shape: shape, floats: [Float](repeating: value, count: shape.reduce(1, *)))),
        NumPyArchive.Entry(name: "y", array: NumPyArray(shape: [labels.count], int64s: labels)),
      ])
      try folder.write(try archive.serialized(), to: name)
      return name
    }
    try folder.prune("--data", data("a.npz", [1, 2, 4, 6], 0, labels: [0])).expectBadInput("a.npz", "6", "4")
    try folder.prune("--data", data("b.npz", [1, 2, 6, 4], 1.5, labels: [0])).expectBadInput("b.npz", "1.5", "-1")
    try folder.prune("--data", data("c.npz", [2, 2, 6, 4], 0, labels: [0, 2])).expectBadInput("c.npz", "label 1", "2")
    try folder.prune("--data", "nowhere.npz").expectBadInput("nowhere.npz")
    #expect(!folder.exists(Folder.ticket))
    let wide = try folder.prune("--data", "b.npz", "--input-range", "-2,2")
    #expect(wide.status == 0, "\(wide.errors)")
  }

  @Test func verificationFailsWithCode1() throws {
    let folder = try Folder()
    #expect(try folder.prune("--data", Folder.data).status == 0)
    func verify(_ ticket: String, _ target: String = Folder.target) throws -> ToolRun {
      try ToolRun("verify", ticket, "--target", target, "--data", Folder.data, in: folder)
    }
    // Another target.
    try folder.write(try Folder.targetDocument(scale: 0.5).serialized(), to: "other.onnx")
    let other = try verify(Folder.ticket, "other.onnx")
    #expect(other.status == 1 && other.errors.contains("digest"), "\(other.errors)")
    // An edited claim.
    var file = try SafetensorsFile(path: folder.file(Folder.ticket))
    file.metadata["claims"] = file.metadata["claims"]!.replacingOccurrences(of: "\"images\":50", with: "\"images\":51")
    try folder.write(try file.serialized(), to: "edited.safetensors")
    let edited = try verify("edited.safetensors")
    #expect(edited.status == 1 && edited.errors.contains("edited"), "\(edited.errors)")
    // False claims under a digest of their own.
    let honest = try TicketFile(contentsOf: folder.file(Folder.ticket))
    var claims = try #require(honest.claims)
    claims.ticketAccuracy! += 0.02
    try TicketFile(ticket: honest.ticket, claims: claims).write(to: folder.file("false.safetensors"), force: false)
    let boast = try verify("false.safetensors")
    #expect(boast.status == 1 && boast.output.contains("DISAGREES"), "\(boast.output)")
    #expect(boast.output.contains("ticket_accuracy") || boast.output.contains("ticket accuracy"))
  }
}
