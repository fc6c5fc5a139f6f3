import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import ModelFiles
import TestSupport
import Testing

/// `info` on what is read and what is not, and options on models and data that leave a choice.
@Suite struct ModelChoiceTests {
  private func changed(_ folder: Folder, _ name: String, _ change: (inout ONNXDocument) -> Void) throws {
    var document = try Folder.targetDocument(scale: 1)
    change(&document)
    try folder.write(document.serialized(), to: name)
  }

  private func images(_ folder: Folder, _ name: String, shape: [Int], from low: Float, by step: Float) throws {
    let count = shape.reduce(1, *)
    let pixels: [Float] = (0..<count).map { low + step * Float(($0 * 7919) % 101) / 100 }
    let archive = try NumPyArchive(entries: [
      .init(name: "x", array: NumPyArray(shape: shape, floats: pixels)),
      .init(name: "y", array: NumPyArray(shape: [shape[0]], int64s: (0..<shape[0]).map { Int64($0 % 2) })),
    ])
    try folder.write(archive.serialized(), to: name)
  }

  @Test func infoSaysWhetherItCanBePrunedInto() throws {
    let folder = try Folder()
    let fine = try ToolRun("info", Folder.target, "--svg", "net.svg", in: folder)
    #expect(fine.status == 0 && fine.errors.isEmpty)
    for part in ["can be pruned into", "yes", "parameters", "108", "classes", "padding 1", "Conv 2"] {
      #expect(fine.output.contains(part), "\(part): \(fine.output)")
    }
    let svg = String(decoding: try folder.bytes("net.svg"), as: UTF8.self)
    #expect(svg.hasPrefix("<svg") && svg.contains("6×4×3") && svg.contains("first"))
    #expect(try XMLDocument(xmlString: svg).rootElement()?.name == "svg")
    #expect(try ToolRun("info", Folder.target, "--svg", "net.svg", in: folder).status == 2)

    try changed(folder, "bad.onnx") { document in
      document.nodes[1].operatorType = "HardSwish"
      document.nodes[3].operatorType = "LpPool"
    }
    let bad = try ToolRun("info", "bad.onnx", in: folder)
    #expect(bad.status == 2 && bad.errors.contains("HardSwish"))
    #expect(bad.output.contains("HardSwish") && bad.output.contains("LpPool") && bad.output.contains("obstacle"))
    let json = try ToolRun("info", "bad.onnx", "--json", in: folder).json()
    let network = try #require(json["network"] as? [String: Any])
    #expect((network["obstacles"] as? [String])?.count == 2)
    #expect(network["readable"] as? Bool == false && network["prunable"] as? Bool == false)
    #expect(network["reason"] as? String != nil && network["parameters"] as? Int == 108)

    #expect(try folder.prune().status == 0)
    #expect(try ToolRun("export", Folder.ticket, "-o", "slim.onnx", in: folder).status == 0)
    let slim = try ToolRun("info", "slim.onnx", in: folder)
    #expect(slim.status == 1 && slim.output.contains("no: "))
    #expect(try ToolRun("info", Folder.ticket, "--svg", "ticket.svg", in: folder).status == 0)
    try ToolRun("info", Folder.data, "--svg", "data.svg", in: folder).expectRefused("--svg")
  }

  @Test func theBoxIsThatOfTheImages() throws {
    let folder = try Folder()
    try images(folder, "bytes.npz", shape: [8, 2, 6, 4], from: 0, by: 255)
    let run = try folder.prune("--data", "bytes.npz", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let figures = try run.json()
    #expect(figures["input_range"] as? [Double] == [0, 255])
    #expect(figures["input_range_from_data"] as? Bool == true)
    let table = try folder.prune("--data", "bytes.npz", output: "other.safetensors")
    #expect(table.output.contains("what the images hold"))
    let verified = try ToolRun(
      "verify", Folder.ticket, "--target", Folder.target, "--data", "bytes.npz", in: folder)
    #expect(verified.status == 0, "\(verified.errors)")
    try folder.prune("--data", "bytes.npz", "--input-range=-1,1", output: "c.safetensors")
      .expectBadInput("--input-range", "255.0", "bytes.npz")
    try images(folder, "wide.npz", shape: [8, 2, 6, 4], from: 0, by: 300)
    try ToolRun("verify", Folder.ticket, "--target", Folder.target, "--data", "wide.npz", in: folder)
      .expectBadInput("--input-range", "wide.npz")
    // Without images it is the paper's.
    let plain = try folder.prune("--json", output: "d.safetensors").json()
    #expect(plain["input_range"] as? [Double] == [-1, 1] && plain["input_range_from_data"] as? Bool == false)
  }

  @Test func channelsLastAndOpenSizes() throws {
    let folder = try Folder()
    try changed(folder, "last.onnx") { document in
      document.inputs[0].shape = [.named("n"), .fixed(6), .fixed(4), .fixed(2)]
      document.nodes[0].inputs[0] = "first"
      document.nodes.insert(
        ONNXNode(
          operatorType: "Transpose", name: "turn", inputs: ["x"], outputs: ["first"],
          attributes: [ONNXAttribute("perm", .ints([0, 3, 1, 2]))]), at: 0)
    }
    try images(folder, "last.npz", shape: [8, 6, 4, 2], from: -1, by: 2)
    let prune = try ToolRun(
      "prune", "last.onnx", "--width", "300", "--seed", "1", "--data", "last.npz", "-o", "last.safetensors", "--json",
      in: folder)
    #expect(prune.status == 0, "\(prune.errors)")
    let verify = try ToolRun(
      "verify", "last.safetensors", "--target", "last.onnx", "--data", "last.npz", "--json", in: folder)
    #expect(verify.status == 0, "\(verify.errors)")
    #expect(try verify.json()["target_accuracy"] as? Double == prune.json()["target_accuracy"] as? Double)
    #expect(
      try ToolRun(
        "compare", "last.safetensors", "--target", "last.onnx", "--data", "last.npz", in: folder
      ).status == 0)

    try changed(folder, "open.onnx") {
      $0.inputs[0].shape = [.named("n"), .fixed(2), .named("h"), .unknown]
    }
    let refused = try ToolRun("info", "open.onnx", in: folder)
    #expect(refused.status == 2 && refused.errors.contains("--input-shape"))
    #expect(try ToolRun("info", "open.onnx", "--input-shape", "2,6,4", in: folder).status == 0)
    try ToolRun("info", "open.onnx", "--input-shape", "2,x", in: folder).expectBadInput("--input-shape")
    // The images' sizes are taken, and a ticket's.
    let run = try ToolRun("run", "open.onnx", "--data", Folder.data, "-o", "y.npz", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let open = try ToolRun(
      "prune", "open.onnx", "--width", "300", "--seed", "1", "--data", Folder.data, "-o", "o.safetensors", in: folder)
    #expect(open.status == 0, "\(open.errors)")
    #expect(try ToolRun("verify", "o.safetensors", "--target", "open.onnx", in: folder).status == 0)
  }

  @Test func outputsByName() throws {
    let folder = try Folder()
    try changed(folder, "two.onnx") { $0.outputs.append(ONNXValue(name: "r1", shape: nil)) }
    let both = try ToolRun("info", "two.onnx", in: folder)
    #expect(both.status == 2 && both.errors.contains("'y' 'r1'") && both.errors.contains("--output-name"))
    let run = try ToolRun(
      "run", "two.onnx", "--output-name", "r1", "--data", Folder.data, "-o", "r.npz", "--json", in: folder)
    #expect(try run.json()["output_shape"] as? [Int] == [50, 3, 6, 4])
  }
}

extension ToolRun {
  /// Expects bad input, whatever was printed before.
  fileprivate func expectRefused(_ part: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(status == 2 && errors.contains(part), "\(errors)", sourceLocation: sourceLocation)
  }
}
