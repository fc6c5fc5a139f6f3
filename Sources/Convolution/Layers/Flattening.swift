import LinearAlgebra

/// One flat row per image in channel, row, column order.
///
/// It is the one plain layer whose value has other channels than its input: entry c · pixels + p is
/// pixel p of channel c.
struct Flattening: PlainLayerRules {
  static let typeName = "flatten"
  var summary: String { "flatten" }

  var worksInPlace: Bool { true }

  func outputShape(over input: ImageShape, at name: String) throws(ConvolutionError) -> ImageShape {
    ImageShape(height: 1, width: 1, channels: input.count)
  }

  func apply<Scalar: BLASScalar>(to value: inout Tensor<Scalar>, _ second: Tensor<Scalar>?) throws {
    value = value.flattenedChannelsFirst()
  }

  func inputGradient<Scalar: BLASScalar>(
    _ gradient: Tensor<Scalar>, over input: Tensor<Scalar>, value: Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    gradient.unflattened(to: input.shape)
  }
}

extension Tensor {
  /// Each image as one flat row in channel, row, column order: the order of exporters that store
  /// NCHW.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func flattenedChannelsFirst() -> Tensor {
    let flat = ImageShape(height: 1, width: 1, channels: shape.count)
    if shape.pixels == 1 { return Tensor(uncheckedBatch: batch, shape: flat, values: values) }
    var result = values
    for image in 0..<batch {
      let base = image * shape.count
      for pixel in 0..<shape.pixels {
        for c in 0..<shape.channels {
          result[base + c * shape.pixels + pixel] = values[base + pixel * shape.channels + c]
        }
      }
    }
    return Tensor(uncheckedBatch: batch, shape: flat, values: result)
  }

  /// Flat rows in channel, row, column order as images again.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func unflattened(to shape: ImageShape) -> Tensor {
    if shape.pixels == 1 { return Tensor(uncheckedBatch: batch, shape: shape, values: values) }
    var result = values
    for image in 0..<batch {
      let base = image * shape.count
      for pixel in 0..<shape.pixels {
        for c in 0..<shape.channels {
          result[base + pixel * shape.channels + c] = values[base + c * shape.pixels + pixel]
        }
      }
    }
    return Tensor(uncheckedBatch: batch, shape: shape, values: result)
  }
}
