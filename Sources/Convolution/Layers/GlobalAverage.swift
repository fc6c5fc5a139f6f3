import LinearAlgebra

/// The mean over an image's pixels, channel by channel: 1 × 1 × channels.
struct GlobalAverage: PlainLayerRules {
  static let typeName = "global_average_pool"
  var summary: String { "global average" }

  func outputShape(over input: ImageShape, at name: String) throws(ConvolutionError) -> ImageShape {
    ImageShape(height: 1, width: 1, channels: input.channels)
  }

  func operationsPerEntry(over input: ImageShape) -> Int { input.pixels }

  func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    value = try value.averagedOverPixels()
  }

  func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    try gradient.spreadOverPixels(of: input.shape)
  }

  func roundings(over input: ImageShape) -> Int { input.pixels }
}

extension Tensor {
  /// The mean over all pixels of each channel, as a batch of 1 × 1 images; sums in pixel order.
  ///
  /// - Throws: `ConvolutionError` for images without pixels.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func averagedOverPixels() throws -> Tensor {
    guard shape.pixels > 0 else {
      throw ConvolutionError.invalidSize(
        of: "global average pooling", expected: "an image with pixels", found: "\(shape)")
    }
    let channels = shape.channels
    var means = [Scalar](repeating: 0, count: batch * channels)
    for image in 0..<batch {
      for pixel in 0..<shape.pixels {
        let start = (image * shape.pixels + pixel) * channels
        for c in 0..<channels { means[image * channels + c] += values[start + c] }
      }
    }
    let count = Scalar(shape.pixels)
    for index in means.indices { means[index] /= count }
    return Tensor(
      uncheckedBatch: batch, shape: ImageShape(height: 1, width: 1, channels: channels), values: means)
  }

  /// A gradient of a mean over pixels, given to each pixel of an image.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func spreadOverPixels(of shape: ImageShape) throws -> Tensor {
    let channels = shape.channels
    return try Tensor(batch: batch, shape: shape) { target in
      for pixel in 0..<batch * shape.pixels {
        let from = pixel / shape.pixels * channels
        for c in 0..<channels {
          target[pixel * channels + c] = values[from + c] / Scalar(shape.pixels)
        }
      }
    }
  }
}
