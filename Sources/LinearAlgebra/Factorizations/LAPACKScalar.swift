import CBLAS

/// A scalar that LAPACK factors with: `Float` or `Double`.
///
/// The requirements are LAPACKE's `_work` calls, column-major, unchecked; they return LAPACK's
/// `info`. A `lwork` of −1 asks for the best workspace sizes, in the first entries of the
/// workspaces.
public protocol LAPACKScalar: BLASScalar {
  /// `?potrf`: factors a symmetric positive definite matrix in place.
  static func potrf(
    _ uplo: CChar, _ n: Int32, _ a: UnsafeMutablePointer<Self>?, _ lda: Int32
  ) -> Int32
  /// `?potrs`: solves with the factor of `potrf`.
  static func potrs(
    _ uplo: CChar, _ n: Int32, _ nrhs: Int32, _ a: UnsafePointer<Self>?, _ lda: Int32,
    _ b: UnsafeMutablePointer<Self>?, _ ldb: Int32
  ) -> Int32
  /// `?getrf`: factors with row exchanges in place.
  static func getrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>?, _ lda: Int32,
    _ ipiv: UnsafeMutablePointer<Int32>?
  ) -> Int32
  /// `?getrs`: solves with the factors of `getrf`.
  static func getrs(
    _ trans: CChar, _ n: Int32, _ nrhs: Int32, _ a: UnsafePointer<Self>?, _ lda: Int32,
    _ ipiv: UnsafePointer<Int32>?, _ b: UnsafeMutablePointer<Self>?, _ ldb: Int32
  ) -> Int32
  /// `?geqrf`: factors into reflectors and R in place.
  static func geqrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>?, _ lda: Int32,
    _ tau: UnsafeMutablePointer<Self>?, _ work: UnsafeMutablePointer<Self>?, _ lwork: Int32
  ) -> Int32
  /// `?ormqr`: multiplies by Q of `geqrf`.
  static func ormqr(
    _ side: CChar, _ trans: CChar, _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Self>?,
    _ lda: Int32, _ tau: UnsafePointer<Self>?, _ c: UnsafeMutablePointer<Self>?, _ ldc: Int32,
    _ work: UnsafeMutablePointer<Self>?, _ lwork: Int32
  ) -> Int32
  /// `?gelsd`: minimum-norm least squares through the SVD, in place.
  static func gelsd(
    _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Self>?, _ lda: Int32,
    _ b: UnsafeMutablePointer<Self>?, _ ldb: Int32, _ s: UnsafeMutablePointer<Self>?, _ rcond: Self,
    _ rank: UnsafeMutablePointer<Int32>?, _ work: UnsafeMutablePointer<Self>?, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>?
  ) -> Int32
  /// `?syevd`: eigenvalues, and eigenvectors in place of a symmetric matrix.
  static func syevd(
    _ jobz: CChar, _ uplo: CChar, _ n: Int32, _ a: UnsafeMutablePointer<Self>?, _ lda: Int32,
    _ w: UnsafeMutablePointer<Self>?, _ work: UnsafeMutablePointer<Self>?, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>?, _ liwork: Int32
  ) -> Int32
  /// `?gesdd`: singular values and vectors.
  static func gesdd(
    _ jobz: CChar, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>?, _ lda: Int32,
    _ s: UnsafeMutablePointer<Self>?, _ u: UnsafeMutablePointer<Self>?, _ ldu: Int32,
    _ vt: UnsafeMutablePointer<Self>?, _ ldvt: Int32, _ work: UnsafeMutablePointer<Self>?,
    _ lwork: Int32, _ iwork: UnsafeMutablePointer<Int32>?
  ) -> Int32
}

extension Float: LAPACKScalar {
  public static func potrf(
    _ uplo: CChar, _ n: Int32, _ a: UnsafeMutablePointer<Float>?, _ lda: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_spotrf_work(LAPACK_COL_MAJOR, uplo, n, a, lda) }
  }
  public static func potrs(
    _ uplo: CChar, _ n: Int32, _ nrhs: Int32, _ a: UnsafePointer<Float>?, _ lda: Int32,
    _ b: UnsafeMutablePointer<Float>?, _ ldb: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_spotrs_work(LAPACK_COL_MAJOR, uplo, n, nrhs, a, lda, b, ldb) }
  }
  public static func getrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>?, _ lda: Int32,
    _ ipiv: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    callBLAS { LAPACKE_sgetrf_work(LAPACK_COL_MAJOR, m, n, a, lda, ipiv) }
  }
  public static func getrs(
    _ trans: CChar, _ n: Int32, _ nrhs: Int32, _ a: UnsafePointer<Float>?, _ lda: Int32,
    _ ipiv: UnsafePointer<Int32>?, _ b: UnsafeMutablePointer<Float>?, _ ldb: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_sgetrs_work(LAPACK_COL_MAJOR, trans, n, nrhs, a, lda, ipiv, b, ldb) }
  }
  public static func geqrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>?, _ lda: Int32,
    _ tau: UnsafeMutablePointer<Float>?, _ work: UnsafeMutablePointer<Float>?, _ lwork: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_sgeqrf_work(LAPACK_COL_MAJOR, m, n, a, lda, tau, work, lwork) }
  }
  public static func ormqr(
    _ side: CChar, _ trans: CChar, _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Float>?,
    _ lda: Int32, _ tau: UnsafePointer<Float>?, _ c: UnsafeMutablePointer<Float>?, _ ldc: Int32,
    _ work: UnsafeMutablePointer<Float>?, _ lwork: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_sormqr_work(LAPACK_COL_MAJOR, side, trans, m, n, k, a, lda, tau, c, ldc, work, lwork) }
  }
  public static func gelsd(
    _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Float>?, _ lda: Int32,
    _ b: UnsafeMutablePointer<Float>?, _ ldb: Int32, _ s: UnsafeMutablePointer<Float>?, _ rcond: Float,
    _ rank: UnsafeMutablePointer<Int32>?, _ work: UnsafeMutablePointer<Float>?, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    callBLAS { LAPACKE_sgelsd_work(LAPACK_COL_MAJOR, m, n, nrhs, a, lda, b, ldb, s, rcond, rank, work, lwork, iwork) }
  }
  public static func syevd(
    _ jobz: CChar, _ uplo: CChar, _ n: Int32, _ a: UnsafeMutablePointer<Float>?, _ lda: Int32,
    _ w: UnsafeMutablePointer<Float>?, _ work: UnsafeMutablePointer<Float>?, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>?, _ liwork: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, jobz, uplo, n, a, lda, w, work, lwork, iwork, liwork) }
  }
  public static func gesdd(
    _ jobz: CChar, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>?, _ lda: Int32,
    _ s: UnsafeMutablePointer<Float>?, _ u: UnsafeMutablePointer<Float>?, _ ldu: Int32,
    _ vt: UnsafeMutablePointer<Float>?, _ ldvt: Int32, _ work: UnsafeMutablePointer<Float>?,
    _ lwork: Int32, _ iwork: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    callBLAS { LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, jobz, m, n, a, lda, s, u, ldu, vt, ldvt, work, lwork, iwork) }
  }
}

extension Double: LAPACKScalar {
  public static func potrf(
    _ uplo: CChar, _ n: Int32, _ a: UnsafeMutablePointer<Double>?, _ lda: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, uplo, n, a, lda) }
  }
  public static func potrs(
    _ uplo: CChar, _ n: Int32, _ nrhs: Int32, _ a: UnsafePointer<Double>?, _ lda: Int32,
    _ b: UnsafeMutablePointer<Double>?, _ ldb: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, uplo, n, nrhs, a, lda, b, ldb) }
  }
  public static func getrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>?, _ lda: Int32,
    _ ipiv: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    callBLAS { LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, m, n, a, lda, ipiv) }
  }
  public static func getrs(
    _ trans: CChar, _ n: Int32, _ nrhs: Int32, _ a: UnsafePointer<Double>?, _ lda: Int32,
    _ ipiv: UnsafePointer<Int32>?, _ b: UnsafeMutablePointer<Double>?, _ ldb: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_dgetrs_work(LAPACK_COL_MAJOR, trans, n, nrhs, a, lda, ipiv, b, ldb) }
  }
  public static func geqrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>?, _ lda: Int32,
    _ tau: UnsafeMutablePointer<Double>?, _ work: UnsafeMutablePointer<Double>?, _ lwork: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, m, n, a, lda, tau, work, lwork) }
  }
  public static func ormqr(
    _ side: CChar, _ trans: CChar, _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafePointer<Double>?,
    _ lda: Int32, _ tau: UnsafePointer<Double>?, _ c: UnsafeMutablePointer<Double>?, _ ldc: Int32,
    _ work: UnsafeMutablePointer<Double>?, _ lwork: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_dormqr_work(LAPACK_COL_MAJOR, side, trans, m, n, k, a, lda, tau, c, ldc, work, lwork) }
  }
  public static func gelsd(
    _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Double>?, _ lda: Int32,
    _ b: UnsafeMutablePointer<Double>?, _ ldb: Int32, _ s: UnsafeMutablePointer<Double>?,
    _ rcond: Double, _ rank: UnsafeMutablePointer<Int32>?, _ work: UnsafeMutablePointer<Double>?,
    _ lwork: Int32, _ iwork: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    callBLAS { LAPACKE_dgelsd_work(LAPACK_COL_MAJOR, m, n, nrhs, a, lda, b, ldb, s, rcond, rank, work, lwork, iwork) }
  }
  public static func syevd(
    _ jobz: CChar, _ uplo: CChar, _ n: Int32, _ a: UnsafeMutablePointer<Double>?, _ lda: Int32,
    _ w: UnsafeMutablePointer<Double>?, _ work: UnsafeMutablePointer<Double>?, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>?, _ liwork: Int32
  ) -> Int32 {
    callBLAS { LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, jobz, uplo, n, a, lda, w, work, lwork, iwork, liwork) }
  }
  public static func gesdd(
    _ jobz: CChar, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>?, _ lda: Int32,
    _ s: UnsafeMutablePointer<Double>?, _ u: UnsafeMutablePointer<Double>?, _ ldu: Int32,
    _ vt: UnsafeMutablePointer<Double>?, _ ldvt: Int32, _ work: UnsafeMutablePointer<Double>?,
    _ lwork: Int32, _ iwork: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    callBLAS { LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, jobz, m, n, a, lda, s, u, ldu, vt, ldvt, work, lwork, iwork) }
  }
}
