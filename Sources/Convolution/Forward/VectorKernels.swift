import ConvolutionKernels
import LinearAlgebra

/// The C kernels, by element type.
enum VectorKernels {
  /// The widest vectors of this machine.
  static let vectors = tombola_convolution_vectors()

  /// Whether they beat a GEMM over copied patches: not the portable ones, beside OpenBLAS's own for
  /// the machine.
  static var areFast: Bool { vectors != TombolaPortable }

  @inline(__always)
  static func panelWidth<Scalar: BLASScalar>(_ remaining: Int, _ type: Scalar.Type) -> Int {
    type == Float.self
      ? tombola_panel_width_f32(vectors, remaining) : tombola_panel_width_f64(vectors, remaining)
  }

  @inline(__always)
  static func convolve<Scalar: BLASScalar>(
    _ patches: UnsafePointer<TombolaPatches>, _ input: UnsafePointer<Scalar>, panel: UnsafePointer<Scalar>, width: Int,
    bias: UnsafePointer<Scalar>?, into output: UnsafeMutablePointer<Scalar>, columns: Int
  ) {
    if Scalar.self == Float.self {
      tombola_convolve_f32(
        vectors, patches, cast(input), cast(panel), width, bias.map(cast), cast(output), columns)
    } else {
      tombola_convolve_f64(
        vectors, patches, cast(input), cast(panel), width, bias.map(cast), cast(output), columns)
    }
  }

  @inline(__always)
  static func depthwise<Scalar: BLASScalar>(
    _ patches: UnsafePointer<TombolaPatches>, _ input: UnsafePointer<Scalar>, kernel: UnsafePointer<Scalar>,
    bias: UnsafePointer<Scalar>?, into output: UnsafeMutablePointer<Scalar>, channels: Int
  ) {
    if Scalar.self == Float.self {
      tombola_depthwise_f32(vectors, patches, cast(input), cast(kernel), bias.map(cast), cast(output), channels)
    } else {
      tombola_depthwise_f64(vectors, patches, cast(input), cast(kernel), bias.map(cast), cast(output), channels)
    }
  }

  @inline(__always)
  static func pool<Scalar: BLASScalar>(
    _ patches: UnsafePointer<TombolaPatches>, _ input: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>,
    mean: Bool, divisor: Double
  ) {
    if Scalar.self == Float.self {
      tombola_pool_f32(patches, cast(input), cast(output), mean ? 1 : 0, divisor)
    } else {
      tombola_pool_f64(patches, cast(input), cast(output), mean ? 1 : 0, divisor)
    }
  }

  @inline(__always)
  static func blocked<Scalar: BLASScalar>(
    _ input: UnsafePointer<Scalar>, pixels: Int, channels: Int, runs: Int, sources: UnsafePointer<Int>,
    ends: UnsafePointer<Int>, scalars: UnsafePointer<Scalar>, rectifying: Bool,
    into output: UnsafeMutablePointer<Scalar>
  ) {
    let rectify: Int32 = rectifying ? 1 : 0
    if Scalar.self == Float.self {
      tombola_blocked_f32(cast(input), pixels, channels, runs, sources, ends, cast(scalars), rectify, cast(output))
    } else {
      tombola_blocked_f64(cast(input), pixels, channels, runs, sources, ends, cast(scalars), rectify, cast(output))
    }
  }

  @inline(__always)
  private static func cast<From, To>(_ pointer: UnsafePointer<From>) -> UnsafePointer<To> {
    UnsafeRawPointer(pointer).assumingMemoryBound(to: To.self)
  }

  @inline(__always)
  private static func cast<From, To>(_ pointer: UnsafeMutablePointer<From>) -> UnsafeMutablePointer<To> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: To.self)
  }
}
