import CBLAS

/// A scalar that BLAS multiplies: `Float` or `Double`.
///
/// The requirements are the raw CBLAS calls, one at a time where OpenBLAS needs it, unchecked;
/// `multiply` is the checked way in.
public protocol BLASScalar: BinaryFloatingPoint, SIMDScalar, Sendable, BitwiseCopyable, Codable {
  /// The unit roundoff: half the distance from 1 to the next number (2⁻²⁴ or 2⁻⁵³).
  static var unitRoundoff: Double { get }

  /// `cblas_?gemm`, row-major: C(m×n) ← α·op(A)(m×k)·op(B)(k×n) + β·C.
  static func rowMajorGEMM(
    transposeA: Bool, transposeB: Bool, m: Int32, n: Int32, k: Int32, alpha: Self,
    a: UnsafePointer<Self>?, leadingDimensionA: Int32, b: UnsafePointer<Self>?, leadingDimensionB: Int32,
    beta: Self, c: UnsafeMutablePointer<Self>?, leadingDimensionC: Int32)

  /// `cblas_?gemv`, row-major: y ← α·op(A)·x + β·y with A stored m×n.
  static func rowMajorGEMV(
    transpose: Bool, m: Int32, n: Int32, alpha: Self, a: UnsafePointer<Self>?, leadingDimensionA: Int32,
    x: UnsafePointer<Self>?, beta: Self, y: UnsafeMutablePointer<Self>?)

  /// `cblas_?syrk`, row-major: a triangle of C(n×n) ← α·op(A)(n×k)·op(A)ᵀ + β·C.
  static func rowMajorSYRK(
    isUpper: Bool, transpose: Bool, n: Int32, k: Int32, alpha: Self, a: UnsafePointer<Self>?,
    leadingDimensionA: Int32, beta: Self, c: UnsafeMutablePointer<Self>?, leadingDimensionC: Int32)

  /// `cblas_?trsm`, row-major: solves op(A)·X = α·B or X·op(A) = α·B in place of B(m×n).
  static func rowMajorTRSM(
    isRight: Bool, isUpper: Bool, transpose: Bool, isUnit: Bool, m: Int32, n: Int32, alpha: Self,
    a: UnsafePointer<Self>?, leadingDimensionA: Int32, b: UnsafeMutablePointer<Self>?, leadingDimensionB: Int32)
}

extension Float: BLASScalar {
  public static var unitRoundoff: Double { 0x1p-24 }

  @inlinable public static func rowMajorGEMM(
    transposeA: Bool, transposeB: Bool, m: Int32, n: Int32, k: Int32, alpha: Float,
    a: UnsafePointer<Float>?, leadingDimensionA: Int32, b: UnsafePointer<Float>?, leadingDimensionB: Int32,
    beta: Float, c: UnsafeMutablePointer<Float>?, leadingDimensionC: Int32
  ) {
    callBLAS {
      cblas_sgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, m, n, k,
        alpha, a, leadingDimensionA, b, leadingDimensionB, beta, c, leadingDimensionC)
    }
  }

  @inlinable public static func rowMajorGEMV(
    transpose: Bool, m: Int32, n: Int32, alpha: Float, a: UnsafePointer<Float>?, leadingDimensionA: Int32,
    x: UnsafePointer<Float>?, beta: Float, y: UnsafeMutablePointer<Float>?
  ) {
    callBLAS {
      cblas_sgemv(
        CblasRowMajor, transpose ? CblasTrans : CblasNoTrans, m, n, alpha, a, leadingDimensionA, x, 1, beta, y, 1)
    }
  }

  @inlinable public static func rowMajorSYRK(
    isUpper: Bool, transpose: Bool, n: Int32, k: Int32, alpha: Float, a: UnsafePointer<Float>?,
    leadingDimensionA: Int32, beta: Float, c: UnsafeMutablePointer<Float>?, leadingDimensionC: Int32
  ) {
    callBLAS {
      cblas_ssyrk(
        CblasRowMajor, isUpper ? CblasUpper : CblasLower, transpose ? CblasTrans : CblasNoTrans, n, k, alpha, a,
        leadingDimensionA, beta, c, leadingDimensionC)
    }
  }

  @inlinable public static func rowMajorTRSM(
    isRight: Bool, isUpper: Bool, transpose: Bool, isUnit: Bool, m: Int32, n: Int32, alpha: Float,
    a: UnsafePointer<Float>?, leadingDimensionA: Int32, b: UnsafeMutablePointer<Float>?, leadingDimensionB: Int32
  ) {
    callBLAS {
      cblas_strsm(
        CblasRowMajor, isRight ? CblasRight : CblasLeft, isUpper ? CblasUpper : CblasLower,
        transpose ? CblasTrans : CblasNoTrans, isUnit ? CblasUnit : CblasNonUnit, m, n, alpha, a, leadingDimensionA, b,
        leadingDimensionB)
    }
  }
}

extension Double: BLASScalar {
  public static var unitRoundoff: Double { 0x1p-53 }

  @inlinable public static func rowMajorGEMM(
    transposeA: Bool, transposeB: Bool, m: Int32, n: Int32, k: Int32, alpha: Double,
    a: UnsafePointer<Double>?, leadingDimensionA: Int32, b: UnsafePointer<Double>?, leadingDimensionB: Int32,
    beta: Double, c: UnsafeMutablePointer<Double>?, leadingDimensionC: Int32
  ) {
    callBLAS {
      cblas_dgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, m, n, k,
        alpha, a, leadingDimensionA, b, leadingDimensionB, beta, c, leadingDimensionC)
    }
  }

  @inlinable public static func rowMajorGEMV(
    transpose: Bool, m: Int32, n: Int32, alpha: Double, a: UnsafePointer<Double>?, leadingDimensionA: Int32,
    x: UnsafePointer<Double>?, beta: Double, y: UnsafeMutablePointer<Double>?
  ) {
    callBLAS {
      cblas_dgemv(
        CblasRowMajor, transpose ? CblasTrans : CblasNoTrans, m, n, alpha, a, leadingDimensionA, x, 1, beta, y, 1)
    }
  }

  @inlinable public static func rowMajorSYRK(
    isUpper: Bool, transpose: Bool, n: Int32, k: Int32, alpha: Double, a: UnsafePointer<Double>?,
    leadingDimensionA: Int32, beta: Double, c: UnsafeMutablePointer<Double>?, leadingDimensionC: Int32
  ) {
    callBLAS {
      cblas_dsyrk(
        CblasRowMajor, isUpper ? CblasUpper : CblasLower, transpose ? CblasTrans : CblasNoTrans, n, k, alpha, a,
        leadingDimensionA, beta, c, leadingDimensionC)
    }
  }

  @inlinable public static func rowMajorTRSM(
    isRight: Bool, isUpper: Bool, transpose: Bool, isUnit: Bool, m: Int32, n: Int32, alpha: Double,
    a: UnsafePointer<Double>?, leadingDimensionA: Int32, b: UnsafeMutablePointer<Double>?, leadingDimensionB: Int32
  ) {
    callBLAS {
      cblas_dtrsm(
        CblasRowMajor, isRight ? CblasRight : CblasLeft, isUpper ? CblasUpper : CblasLower,
        transpose ? CblasTrans : CblasNoTrans, isUnit ? CblasUnit : CblasNonUnit, m, n, alpha, a, leadingDimensionA, b,
        leadingDimensionB)
    }
  }
}
