import Foundation
import LinearAlgebra
import ModelFiles
import TestSupport
import Testing

/// `tombola run`: outputs, what is said of them, and what is refused.
@Suite struct RunCommandTests {
  static let tolerance = 1e-5

  private func outputs(_ name: String, in folder: Folder) throws -> NumPyArray {
    try NumPyArchive(path: folder.file(name)).array("y")
  }

  @Test func everyWayGivesTheSameOutputs() throws {
    let folder = try Folder()
    let run = try ToolRun("run", Folder.target, "--data", Folder.data, "-o", "y.npz", "--json", in: folder)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let figures = try run.json()
    #expect(figures["images"] as? Int == 50 && figures["output_shape"] as? [Int] == [50, 2])
    #expect((figures["argmax"] as? [Int])?.count == 5 && figures["accuracy"] as? Double != nil)
    let y = try outputs("y.npz", in: folder)
    #expect(y.shape == [50, 2] && y.elementType == .float32)
    let double = try ToolRun(
      "run", Folder.target, "--data", Folder.data, "-o", "d.npz", "--float64", "--threads", "2", in: folder)
    #expect(double.status == 0 && double.output.contains("argmax"), "\(double.errors)")
    let exact = try outputs("d.npz", in: folder)
    #expect(exact.elementType == .float64)
    let expected = try exact.doubles()
    for way in ["auto", "kernels", "im2col"] {
      let run = try ToolRun(
        "run", Folder.target, "--data", Folder.data, "-o", "y.npz", "--force", "--convolution", way, "--threads", "1",
        in: folder)
      #expect(run.status == 0, "\(run.errors)")
      let difference = MatrixDifference(
        try outputs("y.npz", in: folder).floats().map { Double($0) }, expected)
      #expect(difference.isWithin(Self.tolerance), "\(way): \(difference)")
    }
  }

  @Test func ticketsAndSlimExportsRun() throws {
    let folder = try Folder()
    #expect(try folder.prune().status == 0)
    #expect(try ToolRun("export", Folder.ticket, "-o", "slim.onnx", in: folder).status == 0)
    for (network, output) in [(Folder.ticket, "a.npz"), ("slim.onnx", "b.npz")] {
      let run = try ToolRun("run", network, "--data", Folder.data, "-o", output, in: folder)
      #expect(run.status == 0, "\(run.errors)")
    }
    let (first, second) = (try outputs("a.npz", in: folder).floats(), try outputs("b.npz", in: folder).floats())
    let difference = MatrixDifference(first, second)
    #expect(difference.isWithin(Self.tolerance), "\(difference)")
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let folder = try Folder()
    try ToolRun("run", Folder.target, "-o", "y.npz", in: folder).expectBadInput("--data")
    try ToolRun("run", Folder.target, "--data", Folder.data, "-o", "y.npy", in: folder).expectBadInput(".npz")
    try ToolRun("run", Folder.target, "--data", Folder.data, "-o", Folder.data, "--force", in: folder)
      .expectBadInput("--output")
    try ToolRun("run", Folder.target, "--data", "nowhere.npz", "-o", "y.npz", in: folder).expectBadInput("nowhere.npz")
    try ToolRun(
      "run", Folder.target, "--data", Folder.data, "-o", "y.npz", "--float64", "--convolution", "im2col", in: folder
    ).expectBadInput("--convolution")
    try folder.write(Data([0]), to: "y.npz")
    try ToolRun("run", Folder.target, "--data", Folder.data, "-o", "y.npz", in: folder).expectBadInput("--force")
    try folder.write(
      NumPyArchive(entries: [
        NumPyArchive.Entry(name: "x", array: NumPyArray(shape: [1, 1, 2, 2], floats: [1, 2, 3, 4]))
      ]).serialized(), to: "small.npz")
    try ToolRun("run", Folder.target, "--data", "small.npz", "-o", "z.npz", in: folder).expectBadInput("6 × 4")
  }

  @Test(.enabled(if: Python.hasONNXRuntime), arguments: ["fashion-cnn", "fashion-lenet", "fashion-resnet"])
  func theShippedTargetsAgreeWithONNXRuntime(name: String) throws {
    let folder = try Folder()
    let target = ToolRun.root + "/Targets/\(name).onnx"
    let pixels: [Float] = (0..<130 * 784).map { index in Float((index * 7919) % 201) / 100 - 1 }
    try folder.write(
      NumPyArchive(entries: [
        NumPyArchive.Entry(name: "x", array: NumPyArray(shape: [130, 1, 28, 28], floats: pixels))
      ]).serialized(), to: "images.npz")
    let run = try ToolRun("run", target, "--data", "images.npz", "-o", "y.npz", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    try Python.run(
      """
      import sys, numpy, onnxruntime
      session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
      x = numpy.load(sys.argv[2] + "/images.npz")["x"]
      y = numpy.load(sys.argv[2] + "/y.npz")["y"]
      expected = session.run(None, {session.get_inputs()[0].name: x})[0]
      assert y.dtype == expected.dtype and y.shape == expected.shape, (y.shape, expected.shape)
      error = abs(y - expected).max() / abs(expected).max()
      assert error < float(sys.argv[3]), error
      """, target, folder.path, "\(Self.tolerance)")
  }
}
