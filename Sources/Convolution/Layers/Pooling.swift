import LinearAlgebra

/// A pooling layer: the largest entry or the mean under a window that walks over each channel.
public struct Pooling: PlainLayerRules, Codable {
  /// What becomes of the entries under a window.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// The largest entry under the window; padding never wins.
    case maximum
    /// The mean of the entries under the window, padding left out of sum and count.
    case average
    /// The mean with padding counted as zeros.
    case averageCountingPadding
  }

  public static let typeName = "pool"
  public var properties: [(name: String, value: String)] {
    [("kind", kind.rawValue)] + window.properties
  }
  public var summary: String {
    let size = "\(window.height)×\(window.width)"
    return switch kind {
    case .maximum: "maximum pooling \(size)"
    case .average: "average pooling \(size)"
    case .averageCountingPadding:
      window.padding == Padding() ? "average pooling \(size)" : "average pooling \(size), padding counted"
    }
  }

  /// What becomes of the entries under the window.
  public var kind: Kind
  /// How the window walks over an image.
  public var window: SlidingWindow

  /// A layer of one kind; whether it fits an image is said by `outputShape`.
  public init(_ kind: Kind, window: SlidingWindow) {
    self.kind = kind
    self.window = window
  }

  /// The shape this layer makes of `shape`.
  ///
  /// - Throws: `ConvolutionError` when the window does not fit or a padding is as large as the
  ///   window.
  public func outputShape(
    over shape: ImageShape, at name: String = "pooling"
  ) throws(ConvolutionError) -> ImageShape {
    let (height, width) = try window.outputSize(over: shape, at: name)
    let padding = window.padding
    guard max(padding.top, padding.bottom) < window.span.height,
      max(padding.left, padding.right) < window.span.width
    else {
      throw .invalidSize(
        of: name, expected: "padding smaller than the window", found: "\(padding) around \(window.span)")
    }
    return ImageShape(height: height, width: width, channels: shape.channels)
  }

  public func operationsPerEntry(over input: ImageShape) -> Int { window.taps }

  public func requireModest(over input: ImageShape, at name: String) throws(ConvolutionError) {
    try window.requireModestPadding(over: input, at: name)
  }

  public func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    value = try self(value)
  }

  public func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    try inputGradient(gradient, over: input)
  }

  public func roundings(over input: ImageShape) -> Int { kind == .maximum ? 0 : window.taps }
}

extension Pooling {
  /// To the first largest entry under each window, or spread evenly over it.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over images: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    let shape = images.shape
    let output = try outputShape(over: shape)
    var sums = [Scalar](repeating: 0, count: images.values.count)
    let channels = shape.channels
    var offsets: [Int] = []
    for image in 0..<images.batch {
      for row in 0..<output.height {
        for column in 0..<output.width {
          let (top, left) = (
            row * window.strideHeight - window.padding.top, column * window.strideWidth - window.padding.left
          )
          offsets.removeAll(keepingCapacity: true)
          for i in 0..<window.height {
            for j in 0..<window.width {
              let (y, x) = (top + i * window.dilationHeight, left + j * window.dilationWidth)
              if y >= 0 && y < shape.height && x >= 0 && x < shape.width {
                offsets.append(((image * shape.height + y) * shape.width + x) * channels)
              }
            }
          }
          let from = ((image * output.height + row) * output.width + column) * channels
          for c in 0..<channels {
            let value = gradient.values[from + c]
            if kind == .maximum {
              guard var best = offsets.first else { continue }
              for offset in offsets where images.values[offset + c] > images.values[best + c] { best = offset }
              sums[best + c] += value
            } else {
              let count = kind == .average ? max(1, offsets.count) : countWithPadding(top, left, shape)
              for offset in offsets { sums[offset + c] += value / Scalar(count) }
            }
          }
        }
      }
    }
    return Tensor(uncheckedBatch: images.batch, shape: shape, values: sums)
  }
}
