import Convolution
import LinearAlgebra

/// Layers that only move memory, beside memcpy of as many bytes in the same rounds.
struct MemoryBench {
  let timing: Timing

  /// Patches of one image, packed whole: what a convolution by im2col pays before its GEMM. Bytes
  /// read count once a written byte.
  func im2col() throws -> [Row] {
    try LayerShape.table.filter { $0.groups == 1 && $0.window > 1 && $0.size <= 56 && $0.name != "demo kept" }.map {
      let prepared = try PreparedLayer($0, batch: 1, threads: 1)
      let layer = prepared.convolution
      let rows = try layer.outputShape(over: prepared.images.shape).pixels
      return try row("im2col", $0.text, bytes: 2 * rows * layer.taps * MemoryLayout<Float>.stride) { target in
        try layer.packPatches(
          0..<rows, of: prepared.images, into: UnsafeMutableBufferPointer(rebasing: target[0..<rows * layer.taps]))
      }
    }
  }

  /// The 1×1 layer behind a blocked mask, as the demo's ticket has it: hidden channels on 28² and
  /// 14² pixels.
  func blocked() throws -> [Row] {
    try [(28, 1, 880), (14, 8, 2563), (7, 16, 4100)].map { size, channels, hidden in
      let layer = try BlockedPointwise<Float>(
        inputChannels: channels, sources: (0..<hidden).map { $0 * channels / hidden },
        scalars: PreparedLayer.values(hidden, 7919))
      let shape = ImageShape(height: size, width: size, channels: channels)
      let images = try Tensor(batch: 1, shape: shape, values: PreparedLayer.values(shape.count, 104_729))
      let written = size * size * hidden
      return try row(
        "blocked 1×1", "\(size)² × \(channels) → \(hidden)",
        bytes: (written + shape.count) * MemoryLayout<Float>.stride, copied: written
      ) { _ in _ = try layer(images, rectifying: true) }
    }
  }

  /// A row for `body`, which touches `bytes`, beside memcpy that reads and writes as many.
  private func row(
    _ operation: String, _ shape: String, bytes: Int, copied: Int? = nil,
    _ body: @escaping (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws -> Row {
    let count = copied ?? bytes / 2 / MemoryLayout<Float>.stride
    let (source, target) = (
      UnsafeMutableBufferPointer<Float>.allocate(capacity: count),
      UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    )
    defer {
      source.deallocate()
      target.deallocate()
    }
    source.initialize(repeating: 1)
    target.initialize(repeating: 1)
    let seconds = try timing.alternate([
      { try body(target) }, { target.baseAddress!.update(from: source.baseAddress!, count: count) },
    ])
    let rates = seconds[0].map { Double(bytes) / $0 / 1e9 }
    return Row(
      operation: operation, shape: shape, type: "Float", threads: 1, unit: "GB/s",
      median: Row.Quartiles(of: rates).median, best: rates.max()!,
      percentOfCopy: Row.Quartiles(of: zip(seconds[0], seconds[1]).map { 100 * $1 / $0 }))
  }
}
