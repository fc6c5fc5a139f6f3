import LinearAlgebra

extension Convolution {
  /// The layer applied to a batch, then on request the ReLU, then on request a pooling layer.
  ///
  /// ReLU and pooling are done while a tile is in cache where that saves a pass, with the same bits
  /// as after it. Bits depend on the machine's vectors (by `im2colGEMM`: on BLAS core and tile),
  /// not on `scratch`.
  ///
  /// - Parameters:
  ///   - images: NHWC, of the layer's input channels.
  ///   - scratch: working memory, which grows as needed and can be used again.
  ///   - rectifying: whether ReLU follows.
  ///   - pooling: what follows then.
  ///   - method: how it is computed.
  /// - Complexity: 2 · batch · output entries · taps operations, and a reordering of the weights,
  ///   which `PackedConvolution` does once.
  /// - Throws: `ConvolutionError` when shapes do not fit, or `method` does not suit the layer.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func callAsFunction(
    _ images: Tensor<Scalar>, scratch: Scratch<Scalar>, rectifying: Bool = false, pooling: Pooling? = nil,
    method: ConvolutionMethod = .automatic
  ) throws -> Tensor<Scalar> {
    try ConvolutionPass(
      layer: self, method: resolved(method), packed: nil, scratch: scratch, rectifying: rectifying
    ).apply(to: images, pooling: pooling)
  }
}

/// One layer over one batch.
struct ConvolutionPass<Scalar: BLASScalar> {
  let layer: Convolution<Scalar>
  let method: ConvolutionMethod
  let packed: PackedConvolution<Scalar>?
  let scratch: Scratch<Scalar>
  let rectifying: Bool

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply(to images: Tensor<Scalar>, pooling: Pooling?) throws -> Tensor<Scalar> {
    let outputShape = try layer.outputShape(over: images.shape)
    let pooledShape = try pooling?.outputShape(over: outputShape)
    if let pooling, let pooledShape, canPoolTiles(pooling, outputShape) {
      return try scratch.tensor(batch: images.batch, shape: pooledShape) { output in
        try withOperands(images) { input, kernel, bias in
          try runTiles(
            input, batch: images.batch, shape: images.shape, kernel, bias, into: output, outputShape,
            pooling: (pooling, pooledShape))
        }
      }
    }
    var result = try scratch.tensor(batch: images.batch, shape: outputShape) { output in
      if layer.inputChannels == 0 {
        return fillRows(
          output, rows: images.batch * outputShape.pixels,
          with: layer.bias ?? [Scalar](repeating: 0, count: layer.outputChannels))
      }
      try withOperands(images) { input, kernel, bias in
        switch method {
        case .im2colGEMM, .automatic:
          try Im2colGEMM(layer: layer, shape: images.shape, outputShape: outputShape, scratch: scratch)
            .apply(to: input, batch: images.batch, kernel: kernel, into: output)
        case .tapProducts:
          try TapProducts(layer: layer, shape: images.shape, outputShape: outputShape)
            .apply(to: input, batch: images.batch, packed, scratch, into: output)
        case .implicitGEMM, .depthwise:
          try runTiles(
            input, batch: images.batch, shape: images.shape, kernel, bias, into: output, outputShape, pooling: nil)
        }
      }
    }
    let isRectified = layer.inputChannels > 0 && (method == .implicitGEMM || method == .depthwise)
    if rectifying && !isRectified { result.rectify() }
    guard let pooling else { return result }
    defer { scratch.recycle(result) }
    return try pooling(result)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func withOperands(
    _ images: Tensor<Scalar>,
    _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>?) throws -> Void
  ) throws {
    try images.values.withUnsafeBufferPointer { input in
      try layer.kernel.withUnsafeBufferPointer { kernel in
        guard let input = input.baseAddress, let kernel = kernel.baseAddress else { return }
        guard let bias = layer.bias else { return try body(input, kernel, nil) }
        try bias.withUnsafeBufferPointer { try body(input, kernel, $0.baseAddress) }
      }
    }
  }

  /// Whether pooling windows lie whole inside tiles of the output that fit in cache.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func canPoolTiles(_ pooling: Pooling, _ outputShape: ImageShape) -> Bool {
    let window = pooling.window
    guard layer.inputChannels > 0, method == .implicitGEMM || method == .depthwise,
      window.padding == Padding(), window.dilationHeight == 1, window.strideHeight == window.height,
      !window.roundsUp, window.height * outputShape.width * outputShape.channels <= scratch.tileCount
    else { return false }
    guard method == .implicitGEMM, packed == nil else { return true }
    return KernelPanels(for: layer, method: method)!.count * MemoryLayout<Scalar>.stride <= scratch.packBytes
  }

  /// Tiles and groups of panels, each a task of its own.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func runTiles(
    _ images: UnsafePointer<Scalar>, batch: Int, shape: ImageShape, _ kernel: UnsafePointer<Scalar>,
    _ bias: UnsafePointer<Scalar>?, into output: UnsafeMutablePointer<Scalar>, _ outputShape: ImageShape,
    pooling: (layer: Pooling, shape: ImageShape)?
  ) throws {
    var convolved = outputShape
    if let pooling { convolved.height = pooling.shape.height * pooling.layer.window.height }
    let tiles = PatchTiles<Scalar>(
      window: layer.window, shape: shape, outputShape: convolved, groups: layer.groups,
      tileCount: scratch.tileCount, wholeRows: pooling?.layer.window.height ?? 0,
      workers: scratch.workers, batch: batch)
    let operations = 2 * Double(batch * convolved.count) * Double(layer.taps)
    let workers = operations < Self.leastOperations ? 1 : scratch.workers
    let layout = packed?.panels?.layout ?? KernelPanels(for: layer, method: method)
    guard let layout else {
      return try forEach(tiles, batch: batch, chunks: 1, workers, convolved, into: output, pooling) {
        tile, _, target, row, memory in
        Depthwise.apply(
          kernel, bias: bias, to: images, over: tile, of: tiles, into: target, outputRow: row,
          rectifying: rectifying, memory: memory)
      }
    }
    var start = 0
    while start < layout.panels.count {
      let range: Range<Int>
      let weights: UnsafePointer<Scalar>
      if let memory = packed?.panels?.memory {
        (range, weights) = (layout.panels.indices, memory.start)
      } else {
        range = layout.group(from: start, limit: scratch.packBytes / MemoryLayout<Scalar>.stride)
        let last = layout.panels[range.upperBound - 1]
        let memory = scratch.shared(last.offset + last.width * layout.rows - layout.panels[start].offset)
        layout.pack(range, of: kernel, into: memory)
        weights = UnsafePointer(memory)
      }
      let count = tiles.count(batch: batch)
      // Few tiles: their panels are split too, so that no core waits.
      let chunks = workers == 1 || pooling != nil || count >= 4 * workers ? 1 : min(range.count, 4 * workers / count)
      try forEach(tiles, batch: batch, chunks: chunks, workers, convolved, into: output, pooling) {
        tile, chunk, target, row, memory in
        let first = range.lowerBound + chunk * range.count / chunks
        let part = first..<range.lowerBound + (chunk + 1) * range.count / chunks
        ImplicitGEMM.apply(
          part, of: layout, weights: weights + (layout.panels[first].offset - layout.panels[range.lowerBound].offset),
          bias: bias, to: images, over: tile, of: tiles, into: target, outputRow: row, rectifying: rectifying,
          memory: memory)
      }
      start = range.upperBound
    }
  }
  /// Below it a second core costs more than it saves.
  private static var leastOperations: Double { 2e6 }

  /// Runs `body(tile, chunk, output, entries between output rows, a worker's memory)` for all tiles
  /// and chunks, and pools what it wrote.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func forEach(
    _ tiles: PatchTiles<Scalar>, batch: Int, chunks: Int, _ workers: Int, _ shape: ImageShape,
    into output: UnsafeMutablePointer<Scalar>, _ pooling: (layer: Pooling, shape: ImageShape)?,
    _ body: (PatchTiles<Scalar>.Tile, Int, UnsafeMutablePointer<Scalar>, Int, UnsafeMutablePointer<Scalar>) -> Void
  ) throws {
    let row = shape.width * shape.channels
    let poolEntries = pooling == nil ? 0 : tiles.tileRows * row
    nonisolated(unsafe) let (output, scratch, body) = (output, scratch, body)
    @Sendable func run(_ task: Int, _ worker: Int) {
      let (index, chunk) = task.quotientAndRemainder(dividingBy: chunks)
      let tile = tiles.tile(index, batch: batch)
      let memory = scratch.tile(tiles.tileEntries + poolEntries, of: worker)
      guard let pooling else {
        let first = (tile.image * shape.height + tile.rows.lowerBound) * shape.width + tile.columns.lowerBound
        return body(tile, chunk, output + first * shape.channels, row, memory)
      }
      let convolved = memory + tiles.tileEntries
      body(tile, chunk, convolved, row, memory)
      let height = pooling.layer.window.height
      let target = tile.image * pooling.shape.height + tile.rows.lowerBound / height
      pooling.layer.pool(
        convolved, ImageShape(height: tile.rows.count, width: shape.width, channels: shape.channels),
        into: output + target * pooling.shape.width * shape.channels,
        ImageShape(height: tile.rows.count / height, width: pooling.shape.width, channels: shape.channels))
    }
    let count = tiles.count(batch: batch) * chunks
    if workers == 1 {
      for task in 0..<count { run(task, 0) }
    } else {
      try Workers.forEach(count: count, workers: workers) { task, worker in run(task, worker) }
    }
  }
}
