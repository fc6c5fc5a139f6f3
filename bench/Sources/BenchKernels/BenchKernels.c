#include "BenchKernels.h"
#include <cblas.h>

// Twelve accumulators hide the latency of two FMA units: 4 or 5 cycles each.
#define ACCUMULATORS 12

#define DEFINE_LOOP(NAME, SCALAR, VECTOR, LANES, TARGET)                                                     \
  TARGET static double NAME(long steps, SCALAR *sink) {                                                      \
    VECTOR sum[ACCUMULATORS], factor = {0}, term = {0};                                                      \
    factor += (SCALAR)0.999;                                                                                 \
    term += (SCALAR)0.001;                                                                                   \
    for (int i = 0; i < ACCUMULATORS; i++) sum[i] = term * (SCALAR)i;                                        \
    for (long step = 0; step < steps; step++) {                                                              \
      _Pragma("clang fp contract(fast)") _Pragma("unroll") for (int i = 0; i < ACCUMULATORS; i++) sum[i] =   \
          sum[i] * factor + term;                                                                            \
    }                                                                                                        \
    VECTOR total = sum[0];                                                                                   \
    for (int i = 1; i < ACCUMULATORS; i++) total += sum[i];                                                  \
    for (int lane = 0; lane < LANES; lane++) *sink += total[lane];                                           \
    return 2.0 * LANES * ACCUMULATORS * (double)steps;                                                       \
  }

typedef float float4 __attribute__((vector_size(16)));
typedef double double2 __attribute__((vector_size(16)));
DEFINE_LOOP(float_portable, float, float4, 4, )
DEFINE_LOOP(double_portable, double, double2, 2, )

#if defined(__x86_64__)
typedef float float8 __attribute__((vector_size(32)));
typedef double double4 __attribute__((vector_size(32)));
typedef float float16 __attribute__((vector_size(64)));
typedef double double8 __attribute__((vector_size(64)));
DEFINE_LOOP(float_avx2, float, float8, 8, __attribute__((target("avx2,fma"))))
DEFINE_LOOP(double_avx2, double, double4, 4, __attribute__((target("avx2,fma"))))
DEFINE_LOOP(float_avx512, float, float16, 16, __attribute__((target("avx512f,fma"))))
DEFINE_LOOP(double_avx512, double, double8, 8, __attribute__((target("avx512f,fma"))))

static int level(void) {
  if (__builtin_cpu_supports("avx512f")) return 2;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
double bench_fma_float(long steps, float *sink) {
  int l = level();
  return l == 2 ? float_avx512(steps, sink) : l ? float_avx2(steps, sink) : float_portable(steps, sink);
}
double bench_fma_double(long steps, double *sink) {
  int l = level();
  return l == 2 ? double_avx512(steps, sink) : l ? double_avx2(steps, sink) : double_portable(steps, sink);
}
const char *bench_fma_vectors(void) {
  int l = level();
  return l == 2 ? "AVX-512" : l ? "AVX2 + FMA" : "portable";
}
#else
double bench_fma_float(long steps, float *sink) { return float_portable(steps, sink); }
double bench_fma_double(long steps, double *sink) { return double_portable(steps, sink); }
const char *bench_fma_vectors(void) { return "portable"; }
#endif

void bench_bare_sgemm(int m, int n, int k, const float *a, const float *b, float *c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
}
void bench_bare_dgemm(int m, int n, int k, const double *a, const double *b, double *c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
}
