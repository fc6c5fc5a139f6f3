import Convolution
import LinearAlgebra
import Tickets

/// What calibration images say of one layer: second moments of what it reads, and products with
/// what it should give.
///
/// A row of features is one output pixel's patch of the pruned network's activations, x⁺ and, where
/// the layer's input is signed, x⁻ beside it; a row of outputs is what the target gives there,
/// without bias. Feature f of half h is at h·taps·c + tap·c + channel.
///
/// Statistics define a search, so nothing that an option changes may change their bits: images go
/// through in chunks of `chunkImages`, each with BLAS at one thread, and the chunks' sums are added
/// in order.
package struct LayerMoments: Sendable {
  package static let chunkImages = 16
  /// Chunks whose sums are there before they are added up.
  static let chunksAtOnce = 8

  /// p = halves · taps · c.
  package let features: Int
  package let outputs: Int
  /// FᵀF, p × p, both triangles.
  package private(set) var gram: [Double]
  /// FᵀY, p × outputs.
  package private(set) var products: [Double]
  /// F's columns, summed.
  package let featureSums: [Double]
  /// Y's columns, summed.
  package let outputSums: [Double]
  /// Y's squares by output.
  package let energies: [Double]
  /// Rows of F.
  package let rows: Int

  /// Measures one layer.
  ///
  /// - Parameters:
  ///   - inputs: the pruned network up to the value that the layer reads.
  ///   - wanted: the target up to the layer's output, its bias left out.
  ///   - isSigned: whether the layer's input can be negative.
  /// - Throws: `ConvolutionError` for images of another shape; what `interruption` throws, between
  ///   chunks. Cost: rows·p². Memory: a chunk's patches and p² numbers for each of them.
  package init(
    of layer: LayerGraph.Layer, inputs: Network<Float>, wanted: Network<Float>, isSigned: Bool,
    on images: Tensor<Float>,
    workers: Int, interruption: @Sendable () throws -> Void
  ) throws {
    let chunks = (images.batch + Self.chunkImages - 1) / Self.chunkImages
    let halves = isSigned ? 2 : 1
    features = halves * layer.taps * layer.inputChannels
    outputs = layer.outputChannels
    var total = Sums(features: features, outputs: outputs)
    for start in stride(from: 0, to: chunks, by: Self.chunksAtOnce) {
      let parts = try Workers.map(count: min(Self.chunksAtOnce, chunks - start), workers: workers) { chunk in
        try interruption()
        let first = (start + chunk) * Self.chunkImages
        let part = images.images(first..<min(images.batch, first + Self.chunkImages))
        return try Sums(layer, isSigned: isSigned, inputs: inputs(part), outputs: wanted(part))
      }
      for part in parts { total.add(part) }
    }
    for i in 0..<features { for j in 0..<i { total.gram[j * features + i] = total.gram[i * features + j] } }
    (gram, products, energies, rows) = (total.gram, total.products, total.energies, total.rows)
    (featureSums, outputSums) = (total.featureSums, total.outputSums)
  }

  /// The moments about the means, for a layer whose bias makes good what its kernel misses on
  /// average; the outputs' energies stay as they are.
  package func aboutMeans() -> LayerMoments {
    var moments = self
    let count = Double(max(1, rows))
    for i in 0..<features {
      for j in 0..<features { moments.gram[i * features + j] -= featureSums[i] * featureSums[j] / count }
      for o in 0..<outputs { moments.products[i * outputs + o] -= featureSums[i] * outputSums[o] / count }
    }
    return moments
  }
}

extension LayerMoments {
  /// The moments of some images; of `gram` the lower triangle.
  private struct Sums: Sendable {
    var gram: [Double]
    var products: [Double]
    var energies: [Double]
    var featureSums: [Double]
    var outputSums: [Double]
    var rows = 0

    init(features: Int, outputs: Int) {
      gram = [Double](repeating: 0, count: features * features)
      products = [Double](repeating: 0, count: features * outputs)
      energies = [Double](repeating: 0, count: outputs)
      featureSums = [Double](repeating: 0, count: features)
      outputSums = [Double](repeating: 0, count: outputs)
    }

    init(_ layer: LayerGraph.Layer, isSigned: Bool, inputs: Tensor<Float>, outputs: Tensor<Float>) throws {
      let single = try layer.features(of: inputs, isSigned: isSigned)
      let matrix = try Matrix<Double>(
        rows: single.rows, columns: single.columns, values: single.values.map { Double($0) })
      let features = matrix.columns
      self.init(features: features, outputs: layer.outputChannels)
      rows = matrix.rows
      let wanted = try Matrix<Double>(
        rows: rows, columns: layer.outputChannels, values: outputs.values.map { Double($0) })
      let channels = layer.outputChannels
      for row in 0..<rows {
        for o in 0..<channels {
          let value = wanted.values[row * channels + o]
          energies[o] += value * value
          outputSums[o] += value
        }
      }
      featureSums.withUnsafeMutableBufferPointer { sums in
        matrix.values.withUnsafeBufferPointer { values in
          for row in 0..<rows { for f in 0..<features { sums[f] += values[row * features + f] } }
        }
      }
      try matrix.withView { f in
        try wanted.withView { y in
          try gram.withUnsafeMutableBufferPointer {
            try multiplyByTranspose(
              f.transposed, into: MutableMatrixView($0.baseAddress, rows: features, columns: features), triangle: .lower
            )
          }
          try products.withUnsafeMutableBufferPointer {
            try multiply(
              f.transposed, y, into: MutableMatrixView($0.baseAddress, rows: features, columns: layer.outputChannels))
          }
        }
      }
    }

    mutating func add(_ other: Sums) {
      for k in gram.indices { gram[k] += other.gram[k] }
      for k in products.indices { products[k] += other.products[k] }
      for k in energies.indices { energies[k] += other.energies[k] }
      for k in featureSums.indices { featureSums[k] += other.featureSums[k] }
      for k in outputSums.indices { outputSums[k] += other.outputSums[k] }
      rows += other.rows
    }
  }
}
