#pragma once

/// Row-major C = A·B by one call of cblas_sgemm or cblas_dgemm, with nothing around it.
void bench_bare_sgemm(int m, int n, int k, const float *a, const float *b, float *c);
void bench_bare_dgemm(int m, int n, int k, const double *a, const double *b, double *c);
