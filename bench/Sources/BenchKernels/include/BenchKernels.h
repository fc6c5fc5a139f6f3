#pragma once

/// Row-major C (m × n) = A·B by one call of cblas_sgemm or cblas_dgemm, with nothing around it; an
/// operand is transposed where its flag is not 0.
void bench_bare_sgemm(int transpose_a, int transpose_b, int m, int n, int k, const float *a, const float *b, float *c);
void bench_bare_dgemm(int transpose_a, int transpose_b, int m, int n, int k, const double *a, const double *b,
                      double *c);

/// y = A·x, or Aᵀ·x, of a row-major m × n matrix A by one call of cblas_sgemv or cblas_dgemv.
void bench_bare_sgemv(int transpose, int m, int n, const float *a, const float *x, float *y);
void bench_bare_dgemv(int transpose, int m, int n, const double *a, const double *x, double *y);
