#pragma once

/// Runs `steps` rounds of independent fused multiply-adds in registers, with the widest vectors the CPU has, and
/// returns the floating-point operations done (two a multiply-add). Keeps nothing in memory: what it reaches in a
/// second is the core's peak.
double bench_fma_float(long steps, float *sink);
double bench_fma_double(long steps, double *sink);

/// The vectors that the two use: "AVX-512", "AVX2 + FMA" or "portable".
const char *bench_fma_vectors(void);

/// Row-major C = A·B by one call of cblas_sgemm or cblas_dgemm, with nothing around it.
void bench_bare_sgemm(int m, int n, int k, const float *a, const float *b, float *c);
void bench_bare_dgemm(int m, int n, int k, const double *a, const double *b, double *c);
