import Convolution
import LinearAlgebra
import RandomStreams
import Testing
import Tickets
import Verification

/// Relative excess allowed over an exact supremum: outward rounding alone.
private let outwardSlack = 1e-9

private func numbers(_ count: Int, seed: UInt64) -> [Double] {
  var values = [Double](repeating: 0, count: count)
  values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: StreamAddress(seed: seed)) }
  return values
}

/// A graph of one or two convolutions over a `size` × `size` image, a ReLU between them.
private func graph(_ channels: [Int], window: SlidingWindow, size: Int) throws -> LayerGraph {
  var nodes = [Network<Float>.Node(name: "input", operation: .input, inputs: [])]
  for layer in 0..<channels.count - 1 {
    if layer > 0 {
      nodes.append(Network<Float>.Node(name: "relu\(layer)", operation: .rectifier, inputs: [nodes.count - 1]))
    }
    let count = window.height * window.width * channels[layer] * channels[layer + 1]
    let convolution = try Convolution(
      window: window, inputChannels: channels[layer], outputChannels: channels[layer + 1],
      kernel: [Float](repeating: 0, count: count))
    nodes.append(
      Network<Float>.Node(name: "conv\(layer)", operation: .convolution(convolution), inputs: [nodes.count - 1]))
  }
  return try Target(Network(inputShape: ImageShape(height: size, width: size, channels: channels[0]), nodes: nodes))
    .graph
}

@Suite struct CertificateTests {
  /// All patches with entries low, 0 or high: the error is piecewise linear in each entry, so its
  /// supremum over the box is among them.
  @Test(arguments: [(-1.0, 1.0), (0.0, 1.0), (-0.5, 2.0)]) func oneLayerIsTheExhaustiveMaximum(
    low: Double, high: Double
  ) throws {
    let window = SlidingWindow(height: 2, width: 2)
    let graph = try graph([2, 2], window: window, size: 2)
    let range = try InputRange(low: low, high: high)
    for seed in 0..<5 {
      let kernel = numbers(16, seed: UInt64(seed)).map { Float($0) }
      let positive = zip(kernel, numbers(16, seed: UInt64(100 + seed))).map { Double($0) + 0.2 * $1 }
      let negative = zip(kernel, numbers(16, seed: UInt64(200 + seed))).map { -Double($0) + 0.2 * $1 }
      let layer = CollapsedLayer(positive, range.isSigned ? negative : nil, of: graph.layers[0])
      let own: [Float]? = seed % 2 == 0 ? nil : [0.25, -0.5]
      var largest = 0.0
      for code in 0..<6561 {
        var rest = code
        var errors = own.map { $0.map { Double($0) } } ?? [0.0, 0.0]
        for entry in 0..<8 {
          let x = [low, 0, high][rest % 3]
          rest /= 3
          for o in 0..<2 {
            let index = entry * 2 + o
            let found = positive[index] * max(x, 0) + (range.isSigned ? negative[index] * max(-x, 0) : 0)
            errors[o] += found - Double(kernel[index]) * x
          }
        }
        largest = max(largest, abs(errors[0]), abs(errors[1]))
      }
      let target = try Target(graph, kernels: [kernel])
      let certificate = Certificate(of: [layer], target, biases: [own], inputRange: range)
      #expect(certificate.outputError >= largest)
      #expect(certificate.outputError <= largest * (1 + outwardSlack))
    }
  }

  @Test func twoLayersBoundEveryErrorMet() throws {
    let graph = try graph([1, 2, 2], window: SlidingWindow(height: 2, width: 2), size: 3)
    for seed in 0..<20 {
      let base = UInt64(1000 * seed)
      let kernels = [numbers(8, seed: base + 1), numbers(16, seed: base + 2)].map { $0.map { Float($0) } }
      let positive = zip(kernels[0], numbers(8, seed: base + 3)).map { Double($0) + 0.1 * $1 }
      let negative = zip(kernels[0], numbers(8, seed: base + 4)).map { -Double($0) + 0.1 * $1 }
      let second = zip(kernels[1], numbers(16, seed: base + 5)).map { Double($0) + 0.1 * $1 }
      let collapsed = [
        CollapsedLayer(positive, negative, of: graph.layers[0]),
        CollapsedLayer(second, nil, of: graph.layers[1]),
      ]
      let bound = Certificate(of: collapsed, try Target(graph, kernels: kernels), inputRange: .unit)
        .outputError
      var largest = 0.0
      for code in 0..<19_683 {
        var rest = code
        let image = (0..<9).map { _ -> Double in
          defer { rest /= 3 }
          return Double(rest % 3 - 1)
        }
        var target: [[Double]] = []
        var pruned: [[Double]] = []
        for row in 0..<2 {
          for column in 0..<2 {
            var (t, p) = ([0.0, 0.0], [0.0, 0.0])
            for tap in 0..<4 {
              let x = image[(row + tap / 2) * 3 + column + tap % 2]
              for o in 0..<2 {
                t[o] += Double(kernels[0][tap * 2 + o]) * x
                p[o] += positive[tap * 2 + o] * max(x, 0) + negative[tap * 2 + o] * max(-x, 0)
              }
            }
            target.append(t.map { max($0, 0) })
            pruned.append(p.map { max($0, 0) })
          }
        }
        for o in 0..<2 {
          var error = 0.0
          for tap in 0..<4 {
            for c in 0..<2 {
              let index = (tap * 2 + c) * 2 + o
              error += second[index] * pruned[tap][c] - Double(kernels[1][index]) * target[tap][c]
            }
          }
          largest = max(largest, abs(error))
        }
      }
      #expect(bound >= largest, "seed \(seed): bound \(bound), met \(largest)")
      #expect(bound <= 20 * largest, "seed \(seed): bound \(bound) is far above \(largest)")
    }
  }
}
