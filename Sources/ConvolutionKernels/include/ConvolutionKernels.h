#pragma once

/// The vector units that a kernel was compiled for.
typedef enum { TombolaPortable = 0, TombolaAVX2 = 1, TombolaAVX512 = 2 } TombolaVectors;

/// The widest vectors that this CPU and its system run.
TombolaVectors tombola_convolution_vectors(void);

/// Rows of output pixels and the patches under them, for an implicit GEMM: no patch is copied.
///
/// Output pixel (r, x) reads, for each segment s, `run` neighbouring entries from `input +
/// r·input_row + x·input_pixel + offsets[s]`, and adds their products with `segments·run` rows of a
/// weight panel.
typedef struct {
  long rows, pixels;
  long input_row, input_pixel;
  long output_row, output_pixel;
  long segments, run;
  const long *offsets;
  /// Add to what the output holds (0: start from the bias).
  int accumulate;
  /// Replace negative results (and −0) by 0; NaN stays NaN.
  int rectify;
} TombolaPatches;

/// Columns of the panel that covers `remaining` output channels: the widest kernel's, or a narrower
/// one's when it suffices. Panels hold `segments·run` rows of that many weights, zeros beyond the
/// last channel.
long tombola_panel_width_f32(TombolaVectors vectors, long remaining);
long tombola_panel_width_f64(TombolaVectors vectors, long remaining);

/// y(r, x, o) ← bias(o) + Σ patch · panel for the panel's `columns` channels (at most its width);
/// `bias` may be null. Sums run in segment and entry order, one fused multiply-add each where the
/// CPU has it: bits depend on `vectors` alone, not on how the work is cut.
void tombola_convolve_f32(TombolaVectors vectors, const TombolaPatches *patches, const float *input,
                          const float *panel, long width, const float *bias, float *output, long columns);
void tombola_convolve_f64(TombolaVectors vectors, const TombolaPatches *patches, const double *input,
                          const double *panel, long width, const double *bias, double *output, long columns);

/// Depthwise: y(r, x, c) ← bias(c) + Σ_s kernel(s, c) · input at segment s, channel c. `run` is not
/// read, nor `accumulate`; the kernel holds `segments` rows of `channels` weights.
void tombola_depthwise_f32(TombolaVectors vectors, const TombolaPatches *patches, const float *input,
                           const float *kernel, const float *bias, float *output, long channels);
void tombola_depthwise_f64(TombolaVectors vectors, const TombolaPatches *patches, const double *input,
                           const double *kernel, const double *bias, double *output, long channels);

/// Pooling of whole windows: the largest (or NaN) of `segments` entries, or their sum in order over
/// `divisor`, for each of `run` channels. Bits do not depend on the machine.
void tombola_pool_f32(const TombolaPatches *patches, const float *input, float *output, int mean, double divisor);
void tombola_pool_f64(const TombolaPatches *patches, const double *input, double *output, int mean, double divisor);

/// The blocked 1×1 layer: hidden channels up to `ends[i]` are scalars times input channel
/// `sources[i]`, negatives and −0 replaced by 0 on request. Bits do not depend on the machine.
void tombola_blocked_f32(const float *input, long pixels, long channels, long runs, const long *sources,
                         const long *ends, const float *scalars, int rectify, float *output);
void tombola_blocked_f64(const double *input, long pixels, long channels, long runs, const long *sources,
                         const long *ends, const double *scalars, int rectify, double *output);
