import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import TestSupport
import Testing

/// The shipped targets on real images: our forward pass against ONNX Runtime's.
@Suite(
  .enabled(if: Python.hasONNXRuntime, "the interpreter named by TOMBOLA_PYTHON cannot import onnxruntime"),
  .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"), "no Fashion-MNIST here"))
struct ONNXRuntimeTests {
  static let images = 200
  /// Of the largest logit.
  static let tolerance = 1e-5

  @Test(arguments: ["fashion-cnn", "fashion-lenet", "fashion-resnet"])
  func theShippedTargetsGiveTheSameLogits(name: String) throws {
    let path = "\(Repository.root)/Targets/\(name).onnx"
    let folder = try TemporaryFolder()
    let data = try ImageSetFile.load("fashion-mnist", part: .test).prefix(Self.images)
    try NumPyArchive(entries: [
      // One channel: NHWC and NCHW are the same numbers.
      NumPyArchive.Entry(name: "x", array: NumPyArray(shape: [Self.images, 1, 28, 28], floats: data.images.values))
    ]).serialized().write(to: URL(fileURLWithPath: folder.file("images.npz")))
    try Python.run(
      """
      import sys, numpy, onnxruntime
      session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
      x = numpy.load(sys.argv[2] + "/images.npz")["x"]
      numpy.savez(sys.argv[2] + "/logits.npz", y=session.run(None, {session.get_inputs()[0].name: x})[0])
      """, path, folder.path)
    let logits = try NumPyArchive(path: folder.file("logits.npz")).array("y")
    #expect(logits.shape == [Self.images, 10])
    let network = try ONNXModel.network(fromFile: path)
    let expected = try logits.floats()
    let fast = MatrixDifference(try network(data.images).values, expected)
    #expect(fast.isWithin(Self.tolerance), "\(fast)")
    let direct = MatrixDifference(
      try network.evaluatedDirectly(data.images.images(0..<10)).values, expected.prefix(100))
    #expect(direct.isWithin(Self.tolerance), "\(direct)")
  }
}
