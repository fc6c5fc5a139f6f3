#include "ConvolutionKernels.h"

// The function that chooses among clones runs before the thread sanitizer is set up, and would call
// it: builds with that sanitizer have no clones.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#pragma STDC FP_CONTRACT OFF

// The larger of two numbers; NaN if either is.
#define LARGER(a, b) ((b) > (a) || (b) != (b) ? (b) : (a))

#define DEFINE(T, S)                                                                                                  \
  CLONES void tombola_pool_##T(const TombolaPatches *patches, const S *input, S *output, int mean, double divisor) {  \
    const long channels = patches->run, taps = patches->segments;                                                     \
    const long *offsets = patches->offsets;                                                                           \
    const S count = (S)divisor;                                                                                       \
    for (long r = 0; r < patches->rows; r++) {                                                                        \
      for (long x = 0; x < patches->pixels; x++) {                                                                    \
        const S *restrict from = input + r * patches->input_row + x * patches->input_pixel;                           \
        S *restrict to = output + r * patches->output_row + x * patches->output_pixel;                                \
        if (taps == 4) {                                                                                              \
          const S *a = from + offsets[0], *b = from + offsets[1], *c = from + offsets[2], *d = from + offsets[3];     \
          if (mean) {                                                                                                 \
            for (long k = 0; k < channels; k++) to[k] = (((a[k] + b[k]) + c[k]) + d[k]) / count;                      \
          } else {                                                                                                    \
            for (long k = 0; k < channels; k++) {                                                                     \
              S largest = LARGER(a[k], b[k]);                                                                         \
              largest = LARGER(largest, c[k]);                                                                        \
              to[k] = LARGER(largest, d[k]);                                                                          \
            }                                                                                                         \
          }                                                                                                           \
          continue;                                                                                                   \
        }                                                                                                             \
        for (long k = 0; k < channels; k++) to[k] = from[offsets[0] + k];                                             \
        for (long s = 1; s < taps; s++) {                                                                             \
          const S *tap = from + offsets[s];                                                                           \
          if (mean) {                                                                                                 \
            for (long k = 0; k < channels; k++) to[k] += tap[k];                                                      \
          } else {                                                                                                    \
            for (long k = 0; k < channels; k++) to[k] = LARGER(to[k], tap[k]);                                        \
          }                                                                                                           \
        }                                                                                                             \
        if (mean)                                                                                                     \
          for (long k = 0; k < channels; k++) to[k] /= count;                                                         \
      }                                                                                                               \
    }                                                                                                                 \
  }                                                                                                                   \
  CLONES void tombola_blocked_##T(const S *input, long pixels, long channels, long runs, const long *sources,         \
                                  const long *ends, const S *scalars, int rectify, S *output) {                       \
    const long count = runs > 0 ? ends[runs - 1] : 0;                                                                 \
    for (long p = 0; p < pixels; p++) {                                                                               \
      S *restrict to = output + p * count;                                                                            \
      long q = 0;                                                                                                     \
      for (long i = 0; i < runs; i++) {                                                                               \
        const S value = input[p * channels + sources[i]];                                                             \
        if (rectify) {                                                                                                \
          for (; q < ends[i]; q++) {                                                                                  \
            const S product = scalars[q] * value;                                                                     \
            to[q] = product <= 0 ? 0 : product;                                                                       \
          }                                                                                                           \
        } else {                                                                                                      \
          for (; q < ends[i]; q++) to[q] = scalars[q] * value;                                                        \
        }                                                                                                             \
      }                                                                                                               \
    }                                                                                                                 \
  }
DEFINE(f32, float)
DEFINE(f64, double)
