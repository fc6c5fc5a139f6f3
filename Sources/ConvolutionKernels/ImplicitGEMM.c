#include "ConvolutionKernels.h"

// Contraction to fused multiply-adds is off, but in the sums that ask for it.
#pragma STDC FP_CONTRACT OFF

#define PASTE_(a, b, c) a##_##b##_##c
#define PASTE(a, b, c) PASTE_(a, b, c)
#define NAME(x) PASTE(x, SUFFIX, TYPE)

#define TYPE f32
#define SCALAR float
#define INTEGER int
#include "ImplicitGEMMVariants.h"
#undef TYPE
#undef SCALAR
#undef INTEGER

#define TYPE f64
#define SCALAR double
#define INTEGER long
#include "ImplicitGEMMVariants.h"

TombolaVectors tombola_convolution_vectors(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return TombolaAVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return TombolaAVX2;
#endif
  return TombolaPortable;
}

// A panel's width names its kernel.
#define DEFINE(T, S)                                                                                               \
  long tombola_panel_width_##T(TombolaVectors vectors, long remaining) {                                           \
    const long lanes = (vectors == TombolaAVX512 ? 64 : vectors == TombolaAVX2 ? 32 : 16) / (long)sizeof(S);       \
    if (remaining > lanes) return 2 * lanes;                                                                       \
    return vectors == TombolaPortable || 2 * remaining > lanes ? lanes : lanes / 2;                                \
  }                                                                                                                \
  void tombola_convolve_##T(TombolaVectors vectors, const TombolaPatches *patches, const S *input, const S *panel, \
                            long width, const S *bias, S *output, long columns) {                                  \
    const long bytes = width * (long)sizeof(S);                                                                    \
    X86(T)                                                                                                         \
    if (bytes == 32) rows_portable2_##T(patches, input, panel, bias, output, columns);                             \
    else rows_portable1_##T(patches, input, panel, bias, output, columns);                                         \
  }

#if defined(__x86_64__)
#define X86(T)                                                                                                     \
  if (vectors == TombolaAVX512) {                                                                                  \
    if (bytes == 128) rows_avx512x2_##T(patches, input, panel, bias, output, columns);                             \
    else if (bytes == 64) rows_avx512x1_##T(patches, input, panel, bias, output, columns);                         \
    else rows_avx512half_##T(patches, input, panel, bias, output, columns);                                        \
    return;                                                                                                        \
  }                                                                                                                \
  if (vectors == TombolaAVX2) {                                                                                    \
    if (bytes == 64) rows_avx2x2_##T(patches, input, panel, bias, output, columns);                                \
    else if (bytes == 32) rows_avx2x1_##T(patches, input, panel, bias, output, columns);                           \
    else rows_avx2half_##T(patches, input, panel, bias, output, columns);                                          \
    return;                                                                                                        \
  }
#else
#define X86(T)
#endif
DEFINE(f32, float)
DEFINE(f64, double)
