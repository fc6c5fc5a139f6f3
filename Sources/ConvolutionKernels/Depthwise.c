#include "ConvolutionKernels.h"

// Contraction to fused multiply-adds is off, but in the sums that ask for it.
#pragma STDC FP_CONTRACT OFF

// Depthwise: channels lie side by side, so a vector of channels is a vector of independent sums.
// Four pixels share each load of the weights.
#define PIXELS 4

#define DEFINE(T, S, NAME, BYTES, TARGET)                                                                            \
  typedef S NAME##_vector __attribute__((vector_size(BYTES)));                                                       \
  typedef S NAME##_unaligned __attribute__((vector_size(BYTES), aligned(sizeof(S))));                                \
  TARGET static inline __attribute__((always_inline)) void NAME##_pixels(                                            \
      const long count, const TombolaPatches *patches, const S *input, const S *kernel, const S *bias, S *output,    \
      long channels) {                                                                                               \
    enum { lanes = BYTES / sizeof(S) };                                                                              \
    const long stride = patches->input_pixel, step = patches->output_pixel;                                          \
    long c = 0;                                                                                                      \
    for (; c + lanes <= channels; c += lanes) {                                                                      \
      NAME##_vector sum[PIXELS], zero = {0};                                                                         \
      const NAME##_vector first = bias ? (NAME##_vector) * (const NAME##_unaligned *)(bias + c) : zero;              \
      _Pragma("clang loop unroll(full)") for (long p = 0; p < count; p++) sum[p] = first;                            \
      for (long s = 0; s < patches->segments; s++) {                                                                 \
        const S *entry = input + patches->offsets[s] + c;                                                            \
        const NAME##_vector weight = *(const NAME##_unaligned *)(kernel + s * channels + c);                         \
        _Pragma("clang loop unroll(full)") for (long p = 0; p < count; p++) {                                        \
          _Pragma("clang fp contract(fast)") sum[p] =                                                                \
              sum[p] + weight * (NAME##_vector) * (const NAME##_unaligned *)(entry + p * stride);                    \
        }                                                                                                            \
      }                                                                                                              \
      _Pragma("clang loop unroll(full)") for (long p = 0; p < count; p++) {                                          \
        if (patches->rectify) sum[p] = (NAME##_vector)(~(sum[p] <= 0) & (__typeof__(sum[p] <= 0))sum[p]);            \
        *(NAME##_unaligned *)(output + p * step + c) = sum[p];                                                       \
      }                                                                                                              \
    }                                                                                                                \
    for (; c < channels; c++) {                                                                                      \
      for (long p = 0; p < count; p++) {                                                                             \
        S sum = bias ? bias[c] : 0;                                                                                  \
        for (long s = 0; s < patches->segments; s++) {                                                               \
          _Pragma("clang fp contract(fast)") sum =                                                                   \
              sum + kernel[s * channels + c] * input[patches->offsets[s] + c + p * stride];                          \
        }                                                                                                            \
        output[p * step + c] = patches->rectify && sum <= 0 ? 0 : sum;                                               \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
  TARGET static void NAME(const TombolaPatches *patches, const S *input, const S *kernel, const S *bias, S *output,  \
                          long channels) {                                                                           \
    for (long r = 0; r < patches->rows; r++) {                                                                       \
      const S *from = input + r * patches->input_row;                                                                \
      S *to = output + r * patches->output_row;                                                                      \
      long x = 0;                                                                                                    \
      for (; x + PIXELS <= patches->pixels; x += PIXELS)                                                             \
        NAME##_pixels(PIXELS, patches, from + x * patches->input_pixel, kernel, bias,                                \
                      to + x * patches->output_pixel, channels);                                                     \
      for (; x < patches->pixels; x++)                                                                               \
        NAME##_pixels(1, patches, from + x * patches->input_pixel, kernel, bias, to + x * patches->output_pixel,     \
                      channels);                                                                                     \
    }                                                                                                                \
  }

DEFINE(f32, float, portable_f32, 16, )
DEFINE(f64, double, portable_f64, 16, )
#if defined(__x86_64__)
DEFINE(f32, float, avx2_f32, 32, __attribute__((target("avx2,fma"))))
DEFINE(f64, double, avx2_f64, 32, __attribute__((target("avx2,fma"))))
DEFINE(f32, float, avx512_f32, 64, __attribute__((target("avx512f,avx512vl,avx512dq,fma"))))
DEFINE(f64, double, avx512_f64, 64, __attribute__((target("avx512f,avx512vl,avx512dq,fma"))))
#endif

#define CHOOSE(T)                                                                                \
  if (vectors == TombolaAVX512) return avx512_##T(patches, input, kernel, bias, output, channels); \
  if (vectors == TombolaAVX2) return avx2_##T(patches, input, kernel, bias, output, channels);

void tombola_depthwise_f32(TombolaVectors vectors, const TombolaPatches *patches, const float *input,
                           const float *kernel, const float *bias, float *output, long channels) {
#if defined(__x86_64__)
  CHOOSE(f32)
#endif
  portable_f32(patches, input, kernel, bias, output, channels);
}

void tombola_depthwise_f64(TombolaVectors vectors, const TombolaPatches *patches, const double *input,
                           const double *kernel, const double *bias, double *output, long channels) {
#if defined(__x86_64__)
  CHOOSE(f64)
#endif
  portable_f64(patches, input, kernel, bias, output, channels);
}
