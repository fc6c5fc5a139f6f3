import ConvolutionKernels
import LinearAlgebra

/// A blocked 1×1 layer, its ReLU and the convolution behind them, with hidden channels in runs that
/// read one input channel with scalars of one sign.
///
/// φ(u·x) is zero for all of a run or for none: where x has the other sign, or is zero behind an
/// earlier ReLU, the whole run is left out. What is left out is a sum of zeros, so values are the
/// same to rounding.
struct RectifiedRuns<Scalar: BLASScalar>: Sendable {
  struct Run: Sendable {
    let source: Int
    /// Of the scalars; 0 where the run is never left out.
    let sign: Int
    let channels: Range<Int>
  }

  /// The layers, hidden channels reordered.
  let blocked: BlockedPointwise<Scalar>
  let layer: Convolution<Scalar>
  let runs: [Run]
  /// Hidden channels of a run at most: so many values a pixel are whole at a time.
  static var longest: Int { 512 }

  /// - Parameter layer: reads `blocked` behind a ReLU. Cost: the kernel once.
  /// - Throws: `ConvolutionError` for layers that do not fit.
  init(_ blocked: BlockedPointwise<Scalar>, _ layer: Convolution<Scalar>) throws(ConvolutionError) {
    // Zero times a weight that is no number is none.
    let isFinite = layer.kernel.allSatisfy(\.isFinite)
    func sign(_ channel: Int) -> Int {
      let scalar = blocked.scalars[channel]
      return !isFinite ? 0 : scalar > 0 ? 1 : scalar < 0 ? -1 : 0
    }
    let keys = blocked.sources.indices.map { (source: blocked.sources[$0], sign: sign($0)) }
    let order = keys.indices.sorted {
      (keys[$0].source, -keys[$0].sign, $0) < (keys[$1].source, -keys[$1].sign, $1)
    }
    var runs: [Run] = []
    for (place, channel) in order.enumerated() {
      let key = keys[channel]
      if let last = runs.last, last.source == key.source, last.sign == key.sign, last.channels.count < Self.longest {
        runs[runs.count - 1] = Run(source: key.source, sign: key.sign, channels: last.channels.lowerBound..<place + 1)
      } else {
        runs.append(Run(source: key.source, sign: key.sign, channels: place..<place + 1))
      }
    }
    self.runs = runs
    self.blocked = try BlockedPointwise(
      inputChannels: blocked.inputChannels, sources: order.map { blocked.sources[$0] },
      scalars: order.map { blocked.scalars[$0] })
    self.layer = try Convolution(
      window: layer.window, inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
      kernel: Self.reordered(layer, order), bias: layer.bias)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func reordered(_ layer: Convolution<Scalar>, _ order: [Int]) -> [Scalar] {
    let (channels, outputs) = (layer.inputChannels, layer.outputChannels)
    return [Scalar](unsafeUninitializedCapacity: layer.kernel.count) { kernel, initialized in
      for tap in 0..<layer.window.height * layer.window.width {
        for (place, channel) in order.enumerated() {
          let (from, to) = ((tap * channels + channel) * outputs, (tap * channels + place) * outputs)
          for o in 0..<outputs { kernel[to + o] = layer.kernel[from + o] }
        }
      }
      initialized = layer.kernel.count
    }
  }

  /// Entries of a tile a pixel: products, those of one run's pixels, and that run's values with
  /// their input.
  func entries(rowLength: Int) -> Int { 2 * rowLength + (runs.map(\.channels.count).max() ?? 0) + 1 }

  /// The products of all taps' kernels with the hidden values of successive pixels.
  ///
  /// Each run's products are summed by themselves and then added in the runs' order, so that bits
  /// do not depend on which pixels are together.
  ///
  /// - Parameters:
  ///   - input: `pixels` pixels of the blocked layer's input.
  ///   - memory: `entries` a pixel; the products are at its start.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiply(
    _ input: UnsafePointer<Scalar>, pixels: Int, rowLength: Int, _ layout: KernelPanels,
    _ weights: UnsafePointer<Scalar>, memory: UnsafeMutablePointer<Scalar>
  ) {
    let part = memory + pixels * rowLength
    let values = part + pixels * rowLength
    let hidden = values + pixels
    memory.update(repeating: 0, count: pixels * rowLength)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: pixels) { places in
      for run in runs {
        let live = gather(run, input, pixels, into: values, places.baseAddress!)
        if live == 0 { continue }
        blocked.apply(run.channels, to: values, pixels: live, into: hidden)
        var offset = 0
        withUnsafePointer(to: &offset) { offset in
          var patches = TombolaPatches(
            rows: 1, pixels: live, input_row: 0, input_pixel: run.channels.count, output_row: 0,
            output_pixel: rowLength, segments: 1, run: run.channels.count, offsets: offset, accumulate: 0, rectify: 0)
          for panel in layout.panels {
            ImplicitGEMM.multiply(
              &patches, hidden, panel, weights + panel.offset + run.channels.lowerBound * panel.width, bias: nil,
              into: part + panel.first, rectifying: false)
          }
        }
        for index in 0..<live {
          let (from, to) = (part + index * rowLength, memory + places[index] * rowLength)
          for k in 0..<rowLength { to[k] += from[k] }
        }
      }
    }
  }

  /// The inputs of the pixels where a run is not zero, and which they are; NaN is none of the
  /// zeros.
  @inline(__always)
  private func gather(
    _ run: Run, _ input: UnsafePointer<Scalar>, _ pixels: Int, into values: UnsafeMutablePointer<Scalar>,
    _ places: UnsafeMutablePointer<Int>
  ) -> Int {
    var live = 0
    for pixel in 0..<pixels {
      let value = input[pixel * blocked.inputChannels + run.source]
      (values[live], places[live]) = (value, pixel)
      let isZero = run.sign > 0 ? value <= 0 : run.sign < 0 ? value >= 0 : false
      live += isZero ? 0 : 1
    }
    return live
  }
}
