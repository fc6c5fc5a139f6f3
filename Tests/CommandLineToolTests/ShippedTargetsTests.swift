import Foundation
import ModelFiles
import Testing
import Tickets

/// The shipped targets with biases, dense layers, batch normalisation and residual additions,
/// through the tool.
@Suite struct ShippedTargetsTests {
  /// Notes that a ticket for each target must carry, by their first words.
  static let notes: [String: [String]] = [
    "fashion-lenet": [
      "biases taken from the target exactly: 40", "convolutions without same padding", "pooling: 3",
      "subsets of free sizes: layers 1, 2", "kernels scaled beyond ‖z‖₁ ≤ √k",
    ],
    "fashion-resnet": [
      "biases taken from the target exactly: 114", "strided convolutions: layers 4, 6", "residual additions: 3",
      "pooling: 2", "subsets of free sizes: layers 1, 2", "kernels scaled beyond ‖z‖₁ ≤ √k",
    ],
  ]

  /// Tickets name their target by it, so that of a file never changes.
  static let digests = [
    "fashion-cnn": "dd6ce4531b61cdcc02804fb25b5d159686c868b2b6cbd86af82bd63e6ba2b473",
    "fashion-lenet": "b218e42ffed244060cf4ec09f851dcbb2ddf3b89e2e8a2f1434f28d3ae4f9b98",
    "fashion-resnet": "8128e34e9e5e56cb84c4a11de71415f554f32ee9e7a059e488b74ccc7afbc41d",
    "fashion-resnet-wide": "64f8ceba0ce747de18086135fe890868e427b5dce697e0d29bca338ebf0f1933",
  ]

  @Test(arguments: digests.keys.sorted()) func theTargetsDigestStays(name: String) throws {
    let target = try ONNXModel.network(fromFile: ToolRun.root + "/Targets/\(name).onnx")
    #expect(try Target(target).digest == Self.digests[name])
  }

  @Test(arguments: ["fashion-lenet", "fashion-resnet"]) func pruneVerifyExportAndInfo(name: String) throws {
    let folder = try Folder()
    let target = ToolRun.root + "/Targets/\(name).onnx"
    let pixels: [Float] = (0..<40 * 784).map { index in Float((index * 7919) % 201) / 100 - 1 }
    try folder.write(
      NumPyArchive(entries: [
        NumPyArchive.Entry(name: "x", array: NumPyArray(shape: [40, 1, 28, 28], floats: pixels)),
        NumPyArchive.Entry(name: "y", array: NumPyArray(shape: [40], int64s: (0..<40).map { Int64($0 % 10) })),
      ]).serialized(), to: "images.npz")
    let pruned = try ToolRun(
      "prune", target, "--width", "200", "--seed", "1", "--data", "images.npz", "-o", "t.safetensors", "--json",
      in: folder)
    #expect(pruned.status == 0 && pruned.errors.isEmpty, "\(pruned.errors)")
    let figures = try pruned.json()
    let notes = try #require(figures["certificate_notes"] as? [String])
    let expected = try #require(Self.notes[name])
    #expect(notes.count == expected.count && zip(notes, expected).allSatisfy { $0.hasPrefix($1) }, "\(notes)")
    #expect((figures["scalars_taken"] as? Int)! > (figures["scales"] as? [Double])!.count)
    let certified = try #require(figures["certified_error"] as? Double)
    #expect(certified > 0)

    let verified = try ToolRun(
      "verify", "t.safetensors", "--target", target, "--data", "images.npz", "--json", in: folder)
    #expect(verified.status == 0, "\(verified.errors)")
    let measured = try verified.json()
    #expect(measured["agrees"] as? Bool == true)
    #expect(measured["certificate_notes"] as? [String] == notes)
    #expect(measured["certified_error"] as? Double == certified)

    for output in ["pruned.onnx", "pruned.npz"] {
      let run = try ToolRun("export", "t.safetensors", "-o", output, in: folder)
      #expect(run.status == 0, "\(run.errors)")
      let info = try ToolRun("info", output, in: folder)
      // A pruned network runs, but is no target.
      #expect(info.status == (output.hasSuffix("onnx") ? 1 : 0) && info.output.contains("fc"), "\(info.errors)")
    }
    let info = try ToolRun("info", target, in: folder)
    #expect(info.status == 0 && info.output.contains("target digest") && info.errors.isEmpty)
  }

  private static func ticket(_ ticket: Ticket, biases: [[Float]?]) throws -> Ticket {
    try Ticket(
      seed: ticket.seed, width: ticket.width, mode: ticket.mode, inputRange: ticket.inputRange, graph: ticket.graph,
      scales: ticket.scales, biases: biases, blocks: ticket.blocks, targetDigest: ticket.targetDigest,
      isComplete: ticket.isComplete)
  }

  /// A ticket whose bias was changed, its digests made anew: not the target's ticket any more.
  @Test func aForgedBiasFailsVerification() throws {
    let folder = try Folder()
    let target = ToolRun.root + "/Targets/fashion-lenet.onnx"
    #expect(
      try ToolRun("prune", target, "--width", "50", "--seed", "1", "-o", "t.safetensors", in: folder).status == 0)
    let file = try TicketFile(contentsOf: folder.file("t.safetensors"))
    let ticket = file.ticket
    var biases = ticket.biases
    biases[0]![2] = biases[0]![2].nextUp
    try TicketFile(ticket: Self.ticket(ticket, biases: biases), claims: file.claims)
      .write(to: folder.file("forged.safetensors"), force: false)
    let run = try ToolRun("verify", "forged.safetensors", "--target", target, in: folder)
    #expect(run.status == 1 && run.errors.contains("bias of layer 1"), "\(run.errors)")
  }
}
