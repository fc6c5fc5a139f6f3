import Convolution
import Foundation
import LinearAlgebra
import ModelFiles
import TestSupport
import Testing
import Tickets

/// Exports against NumPy and the public safetensors library.
@Suite struct NetworkExportTests {
  @Test func formatsComeFromTheEnding() {
    #expect(NetworkExport.Format(path: "a/b.SafeTensors") == .safetensors)
    #expect(NetworkExport.Format(path: "b.npz") == .npz && NetworkExport.Format(path: "b.onnx") == .onnx)
    #expect(NetworkExport.Format(path: "b.npz.txt") == nil && NetworkExport.Format(path: "npz") == nil)
  }

  /// `tools/rebuild_ticket.py` makes the pruned weights of the ticket's file with NumPy and nothing
  /// of ours.
  @Test(.enabled(if: Python.hasSafetensors)) func numPyAloneRebuildsTheTicket() throws {
    let ticket = try SampleTicket.file().ticket
    let output = try rebuilt(ticket)
    let hidden = (1...2).map { layer in
      ticket.blocks.filter { $0.address.layer == layer }.reduce(0) { $0 + $1.kept.count }
    }
    #expect(hidden.allSatisfy { $0 > 3 })
    #expect(
      output == """
        first.scalars.sources \(hidden[0])
        first.scalars.weight \(hidden[0]) 1 1 1
        first.weight 3 \(hidden[0]) 3 3
        second.scalars.sources \(hidden[1])
        second.scalars.weight \(hidden[1]) 1 1 1
        second.weight 2 \(hidden[1]) 3 3

        """)
    let wide = try rebuilt(SampleTicket.wideTicket()).split(separator: "\n").map { $0.split(separator: " ")[0] }
    #expect(wide.filter { $0.hasSuffix(".bias") } == ["fc.bias", "first.bias"] && wide.count == 11)
  }

  /// Names and shapes of the rebuilt arrays, all of them equal to both exports.
  private func rebuilt(_ ticket: Ticket) throws -> String {
    let folder = try TemporaryFolder()
    try TicketFile(ticket: ticket, claims: nil).write(to: folder.file("ticket.safetensors"), force: false)
    let network = try ticket.prunedNetwork()
    for format in [NetworkExport.Format.npz, .safetensors] {
      _ = try NetworkExport.write(
        network, as: format, to: folder.file("pruned.\(format.rawValue)"), force: false)
    }
    return try Python.run(
      """
      import sys, subprocess, numpy, safetensors.numpy
      root, folder = sys.argv[1:]
      subprocess.run([sys.executable, root + "/tools/rebuild_ticket.py", folder + "/ticket.safetensors", "-o",
                      folder + "/rebuilt.npz"], check=True)
      rebuilt, archive = numpy.load(folder + "/rebuilt.npz"), numpy.load(folder + "/pruned.npz")
      tensors = safetensors.numpy.load_file(folder + "/pruned.safetensors")
      assert set(rebuilt) == set(archive) == set(tensors)
      for name in sorted(tensors):
        for other in (archive[name], tensors[name]):
          assert rebuilt[name].dtype == other.dtype and rebuilt[name].shape == other.shape, name
          assert rebuilt[name].tobytes() == other.tobytes(), name
        print(name, *rebuilt[name].shape)
      """, Repository.root, folder.path)
  }

  /// OIHW and rows of outputs, as PyTorch has them; biases as they are.
  @Test(arguments: NetworkExport.Format.allCases) func layoutIsPyTorchs(format: NetworkExport.Format) throws {
    let folder = try TemporaryFolder()
    let kernel = (0..<2 * 3 * 2 * 4).map(Float.init)
    let convolution = try Convolution(
      window: SlidingWindow(height: 2, width: 3), inputChannels: 2, outputChannels: 4, kernel: kernel,
      bias: [9, 8, 7, 6])
    let dense = try Convolution(
      window: SlidingWindow(height: 1, width: 1), inputChannels: 4, outputChannels: 2,
      kernel: (0..<8).map(Float.init), bias: [1, 2])
    let network = try Network(
      inputShape: ImageShape(height: 2, width: 3, channels: 2),
      nodes: [
        .init(name: "x", operation: .input, inputs: []),
        .init(name: "conv", operation: .convolution(convolution), inputs: [0]),
        .init(name: "flat", operation: .flatten, inputs: [1]),
        .init(name: "fc", operation: .convolution(dense), inputs: [2]),
      ])
    let path = folder.file("net." + format.rawValue)
    _ = try NetworkExport.write(network, as: format, to: path, force: false)
    expectFileError(.exists, path) { _ = try NetworkExport.write(network, as: format, to: path, force: false) }
    func floats(_ name: String) throws -> (shape: [Int], values: [Float]) {
      switch format {
      case .npz:
        let array = try NumPyArchive(path: path).array(name)
        return (array.shape, try array.floats())
      case .safetensors:
        let tensor = try SafetensorsFile(path: path).tensor(name)
        return (tensor.shape, try tensor.floats())
      case .onnx:
        let tensor = try #require(try ONNXDocument(path: path).initializer(name))
        return (tensor.shape, try tensor.floats())
      }
    }
    let weight = try floats("conv.weight")
    #expect(weight.shape == [4, 2, 2, 3])
    for o in 0..<4 {
      for c in 0..<2 {
        for tap in 0..<6 { #expect(weight.values[(o * 2 + c) * 6 + tap] == kernel[(tap * 2 + c) * 4 + o]) }
      }
    }
    #expect(try floats("conv.bias") == ([4], [9, 8, 7, 6]))
    #expect(try floats("fc.weight") == ([2, 4, 1, 1], [0, 2, 4, 6, 1, 3, 5, 7]))
    #expect(try floats("fc.bias") == ([2], [1, 2]))
  }
}
