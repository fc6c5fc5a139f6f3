// The multiply-add loops that measure a core's peak. They decide nothing: contraction is allowed
// inside them alone.
#include "MachineKernels.h"

#pragma STDC FP_CONTRACT OFF

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

unsigned machine_features(void) {
  unsigned features = 0;
  if (__builtin_cpu_supports("sse4.2")) features |= machine_sse42;
  if (__builtin_cpu_supports("avx")) features |= machine_avx;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) features |= machine_avx2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    features |= machine_avx512;
  if ((features & machine_avx512) && __builtin_cpu_supports("avx512bf16")) features |= machine_avx512_bf16;
  return features;
}
double machine_fma_float(long steps, float *sink) {
  unsigned features = machine_features();
  if (features & machine_avx512) return float_avx512(steps, sink);
  return features & machine_avx2 ? float_avx2(steps, sink) : float_portable(steps, sink);
}
double machine_fma_double(long steps, double *sink) {
  unsigned features = machine_features();
  if (features & machine_avx512) return double_avx512(steps, sink);
  return features & machine_avx2 ? double_avx2(steps, sink) : double_portable(steps, sink);
}
#else
unsigned machine_features(void) { return 0; }
double machine_fma_float(long steps, float *sink) { return float_portable(steps, sink); }
double machine_fma_double(long steps, double *sink) { return double_portable(steps, sink); }
#endif
