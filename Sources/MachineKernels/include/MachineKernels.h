#pragma once

/// Runs `steps` rounds of independent fused multiply-adds in registers, with the widest vectors the CPU has, and
/// returns the floating-point operations done (two a multiply-add). Keeps nothing in memory: what it reaches in a
/// second is the core's peak. The sum of all lanes is added to `*sink`.
double machine_fma_float(long steps, float *sink);
double machine_fma_double(long steps, double *sink);

/// What the CPU and its operating system let a program use, one bit each.
enum machine_feature {
  machine_sse42 = 1,
  /// AVX.
  machine_avx = 2,
  /// AVX2 with FMA.
  machine_avx2 = 4,
  /// AVX-512 F, CD, BW, DQ and VL.
  machine_avx512 = 8,
  /// AVX-512 with bfloat16 products.
  machine_avx512_bf16 = 16,
};
/// The features of this CPU; 0 on other architectures than x86-64.
unsigned machine_features(void);

/// Whether the OpenBLAS in this process can choose its kernels again.
int machine_blas_can_redispatch(void);
/// Makes OpenBLAS choose its kernels again: those named `core`, or by itself where `core` is NULL. The variable
/// OPENBLAS_CORETYPE is as before afterwards. No BLAS call may run meanwhile, and no other thread may use the
/// environment. Returns 0 where it cannot.
int machine_blas_redispatch(const char *core);

/// A short rest inside a loop that waits for another thread: leaves the core's units to its sibling.
static inline void machine_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
