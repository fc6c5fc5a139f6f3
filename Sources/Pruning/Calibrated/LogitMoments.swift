import Convolution
import LinearAlgebra
import RandomStreams
import Tickets

/// What calibration images say of one layer by way of the network's outputs: a Gauss–Newton model
/// of them in the layer's kernel.
///
/// With z the outputs of a network pruned up to the layer and the target's own from it on, y the
/// target's, and J = ∂z/∂K, a kernel A gives about z + J·(A − K). A row of J is one image and one
/// output less the outputs' mean, which no classification depends on (or one fixed random direction
/// of many outputs): Fᵀ·G summed over pixels, F the layer's features there (`LayerMoments`), G the
/// gradient of that output at the layer's value there. Entry (f, o) of the kernel is at f·outputs +
/// o.
///
/// As `LayerMoments` are, they are summed over chunks and tiles that no option changes, with BLAS
/// at one thread.
package struct LogitMoments: Sendable {
  /// Outputs beyond which random directions of them stand for all.
  package static let mostDirections = 32
  private static let tile = 192
  /// Rows of J that are whole at a time.
  static let rowsAtOnce = 4096

  /// Entries of the kernel, halves·taps·c·outputs.
  package let entries: Int
  /// JᵀJ, entries × entries, both triangles.
  package private(set) var gram: [Double]
  /// Jᵀ(y − z).
  package private(set) var products: [Double]
  /// Σ y².
  package private(set) var energy = 0.0
  /// Σ (y − z)².
  package private(set) var missed = 0.0

  /// Measures one layer.
  ///
  /// - Parameters:
  ///   - pruned: pruned before the layer, the target's from it on.
  ///   - node: the layer's convolution in it.
  ///   - target: gives the wanted outputs.
  ///   - isSigned: whether the layer's input can be negative.
  /// - Throws: `ConvolutionError` for images of another shape; what `interruption` throws, between
  ///   chunks. Cost: with q outputs a forward and q backward passes, and images·q·entries². Memory:
  ///   entries², and 4096 rows of entries.
  package init(
    of layer: LayerGraph.Layer, pruned: Network<Float>, node: Int, target: Network<Float>, isSigned: Bool,
    on images: Tensor<Float>, workers: Int, interruption: @Sendable () throws -> Void
  ) throws {
    let taps = layer.taps * layer.inputChannels
    let entries = (isSigned ? 2 : 1) * taps * layer.outputChannels
    self.entries = entries
    let directions = Self.directions(pruned.outputShape.count)
    let chunkImages = LayerMoments.chunkImages
    let group = max(1, Self.rowsAtOnce / (chunkImages * directions.count)) * chunkImages
    var gram = [Double](repeating: 0, count: entries * entries)
    var products = [Double](repeating: 0, count: entries)
    for start in stride(from: 0, to: images.batch, by: group) {
      let count = min(group, images.batch - start)
      let parts = try Workers.map(count: (count + chunkImages - 1) / chunkImages, workers: workers) { chunk in
        try interruption()
        let first = start + chunk * chunkImages
        return try Rows(
          layer, pruned: pruned, node: node, target: target, isSigned: isSigned, directions: directions,
          images: images.images(first..<min(start + count, first + chunkImages)))
      }
      for part in parts {
        energy += part.energy
        missed += part.missed.reduce(0) { $0 + $1 * $1 }
      }
      try Self.add(parts, entries, workers, to: &gram, &products)
    }
    for i in 0..<entries { for j in 0..<i { gram[j * entries + i] = gram[i * entries + j] } }
    (self.gram, self.products) = (gram, products)
  }

  /// Adds JᵀJ, a lower triangle of tiles, and Jᵀ(y − z).
  private static func add(
    _ parts: [Rows], _ entries: Int, _ workers: Int, to gram: inout [Double], _ products: inout [Double]
  ) throws {
    let rows = parts.reduce(0) { $0 + $1.missed.count }
    let jacobian = try Matrix<Double>(
      rows: rows, columns: entries, values: parts.flatMap { $0.jacobian.map { Double($0) } })
    for (row, missed) in parts.flatMap(\.missed).enumerated() where missed != 0 {
      for f in 0..<entries { products[f] += missed * jacobian.values[row * entries + f] }
    }
    let tiles = (entries + tile - 1) / tile
    let pairs = (0..<tiles).flatMap { i in (0...i).map { (i, $0) } }
    @Sendable func range(_ index: Int) -> Range<Int> { index * tile..<min(entries, (index + 1) * tile) }
    let blocks = try Workers.map(count: pairs.count, workers: workers) { index in
      let (i, j) = (range(pairs[index].0), range(pairs[index].1))
      var block = try Matrix<Double>(rows: i.count, columns: j.count)
      try jacobian.withView { view in
        try block.withMutableView {
          try multiply(
            view.block(rows: 0..<rows, columns: i).transposed, view.block(rows: 0..<rows, columns: j), into: $0)
        }
      }
      return block
    }
    for (pair, block) in zip(pairs, blocks) {
      let (i, j) = (range(pair.0), range(pair.1))
      for a in i { for b in j { gram[a * entries + b] += block[a - i.lowerBound, b - j.lowerBound] } }
    }
  }

  /// The outputs less their mean, or random directions of them, each of the outputs' count.
  private static func directions(_ outputs: Int) -> [[Float]] {
    if outputs <= mostDirections {
      let mean = 1 / Float(outputs)
      return (0..<outputs).map { o in (0..<outputs).map { ($0 == o ? 1 : 0) - mean } }
    }
    let norm = Float(1 / Double(mostDirections).squareRoot())
    return (0..<mostDirections).map { direction in
      var values = [Float](repeating: 0, count: outputs)
      let address = StreamAddress(seed: 0, path: StreamPath(filter: 3, channel: UInt64(direction)))
      values.withUnsafeMutableBufferPointer { NormalStream.fill($0, at: address) }
      return values.map { $0 * norm }
    }
  }
}

/// Rows of J for some images, image by image, direction by direction.
private struct Rows: Sendable {
  var jacobian: [Float] = []
  /// y − z along the directions.
  var missed: [Double] = []
  var energy = 0.0

  init(
    _ layer: LayerGraph.Layer, pruned: Network<Float>, node: Int, target: Network<Float>, isSigned: Bool,
    directions: [[Float]], images: Tensor<Float>
  ) throws {
    let tape = try ForwardTape(pruned, images)
    let wanted = try target(images)
    let outputs = wanted.shape.count
    let input = tape.value(of: pruned.nodes[node].inputs[0])!
    let features = try layer.features(of: input, isSigned: isSigned)
    let (taps, pixels) = (features.columns, features.rows / max(1, images.batch))
    let count = taps * layer.outputChannels
    jacobian = [Float](repeating: 0, count: images.batch * directions.count * count)
    missed = [Double](repeating: 0, count: images.batch * directions.count)
    for value in wanted.values { energy += Double(value) * Double(value) }
    for (number, direction) in directions.enumerated() {
      let seed = try Tensor<Float>(
        batch: images.batch, shape: wanted.shape, values: (0..<images.batch).flatMap { _ in direction })
      let gradient = try tape.gradient(of: seed, at: node)
      for image in 0..<images.batch {
        let row = image * directions.count + number
        for o in 0..<outputs where direction[o] != 0 {
          let index = image * outputs + o
          missed[row] += Double(direction[o]) * (Double(wanted.values[index]) - Double(tape.output.values[index]))
        }
        try features.withView { features in
          try gradient.values.withUnsafeBufferPointer { gradient in
            let here = MatrixView(
              gradient.baseAddress! + image * pixels * layer.outputChannels, rows: pixels, columns: layer.outputChannels
            )
            try jacobian.withUnsafeMutableBufferPointer {
              try multiply(
                features.block(rows: image * pixels..<(image + 1) * pixels, columns: 0..<taps).transposed, here,
                into: MutableMatrixView($0.baseAddress! + row * count, rows: taps, columns: layer.outputChannels))
            }
          }
        }
      }
    }
  }
}

extension LayerGraph.Layer {
  /// Patches of a layer's input, a row a pixel: of x⁺, and of x⁻ beside it where the input is
  /// signed.
  ///
  /// Feature f of half h is at h·taps·c + tap·c + channel.
  func features(of inputs: Tensor<Float>, isSigned: Bool) throws -> Matrix<Float> {
    let taps = window.height * window.width * inputChannels
    let halves = isSigned ? 2 : 1
    // Only its window is used.
    let patches = try Convolution<Float>(
      window: window, inputChannels: inputChannels, outputChannels: 1, kernel: [Float](repeating: 0, count: taps))
    let rows = inputs.batch * (try patches.outputShape(over: inputs.shape).pixels)
    var matrix = try Matrix<Float>(rows: rows, columns: halves * taps)
    var packed = [Float](repeating: 0, count: rows * taps)
    for half in 0..<halves {
      var part = inputs
      part.values = inputs.values.map { half == 0 ? max($0, 0) : max(-$0, 0) }
      try packed.withUnsafeMutableBufferPointer { try patches.packPatches(0..<rows, of: part, into: $0) }
      matrix.withMutableView { view in
        for row in 0..<rows {
          let (from, to) = (row * taps, view.baseAddress! + row * halves * taps + half * taps)
          for k in 0..<taps { to[k] = packed[from + k] }
        }
      }
    }
    return matrix
  }
}
