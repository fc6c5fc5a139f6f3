import LinearAlgebra

/// A layer's kernel, HWIO: entry (tap, c, o) is at (tap · c_in + c) · c_out + o, taps row by row.
///
/// What one input channel contributes is its slice, taps · c_out entries in the order (tap, output
/// channel): the shape of one hidden filter's V, and the m coordinates of a block's subset sum.
public struct Kernel<Scalar: BLASScalar>: Sendable, Hashable {
  /// The layer that the kernel is one of.
  public let layer: LayerGraph.Layer
  /// All entries, HWIO.
  public private(set) var values: [Scalar]

  /// - Precondition: `values.count == layer.weightCount`.
  public init(_ values: [Scalar], of layer: LayerGraph.Layer) {
    precondition(values.count == layer.weightCount, "a kernel of the layer's size")
    self.layer = layer
    self.values = values
  }

  /// A kernel of zeros.
  public init(zerosOf layer: LayerGraph.Layer) {
    self.init([Scalar](repeating: 0, count: layer.weightCount), of: layer)
  }

  /// Where the entries (tap, channel, 0…) start.
  @inline(__always) private func start(_ tap: Int, _ channel: Int) -> Int {
    (tap * layer.inputChannels + channel) * layer.outputChannels
  }

  /// The entries that read one input channel, in the order (tap, output channel).
  public func slice(ofChannel channel: Int) -> [Scalar] {
    [Scalar](unsafeUninitializedCapacity: layer.sliceCount) { slice, initialized in
      for tap in 0..<layer.taps {
        let start = start(tap, channel)
        for o in 0..<layer.outputChannels {
          slice[tap * layer.outputChannels + o] = values[start + o]
        }
      }
      initialized = layer.sliceCount
    }
  }

  /// Puts entries in the place of those that read one input channel.
  mutating func setSlice(ofChannel channel: Int, to slice: [Scalar]) {
    precondition(slice.count == layer.sliceCount, "a slice of the layer's size")
    for tap in 0..<layer.taps {
      let start = start(tap, channel)
      for o in 0..<layer.outputChannels {
        values[start + o] = slice[tap * layer.outputChannels + o]
      }
    }
  }
}

extension Kernel where Scalar == Float {
  /// Σ K², in the order of the entries.
  public var squares: Double { values.reduce(0.0) { $0 + Double($1) * Double($1) } }
  /// ‖K‖_max.
  public var largestMagnitude: Double { values.reduce(0) { max($0, Double(abs($1))) } }
}
