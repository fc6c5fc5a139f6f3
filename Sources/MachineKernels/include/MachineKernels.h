#pragma once

/// Runs `steps` rounds of independent fused multiply-adds in registers, with the widest vectors the
/// CPU has, and returns the floating-point operations done (two a multiply-add). Keeps nothing in
/// memory: what it reaches in a second is the core's peak. The sum of all lanes is added to
/// `*sink`.
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
/// Makes OpenBLAS choose its kernels again: those named `core`, or by itself where `core` is NULL.
/// The variable OPENBLAS_CORETYPE is as before afterwards. No BLAS call may run meanwhile, and no
/// other thread may use the environment. Returns 0 where it cannot.
int machine_blas_redispatch(const char *core);

/// Tries OpenBLAS's kernels in use on products of whole numbers and on factorisations, in
/// milliseconds and on the calling thread alone (the caller sets BLAS to one thread). Returns NULL
/// where all came out right, else what did not, in words: a constant.
const char *machine_blas_self_test(void);
/// Calls `test(context)` and returns what it returns, or in words the fault that ended it: an
/// unknown instruction, an access outside of memory, an arithmetic trap. One call at a time; faults
/// of other threads go where they went before.
const char *machine_guarded(const char *(*test)(void *), void *context);

/// Threads that OpenBLAS uses in calls from this thread, where it is built with OpenMP; 0 where it
/// is not, or where its OpenMP runtime cannot be asked.
int machine_openmp_threads(void);
/// Sets this thread's count, or leaves a smaller one of an outer scope of this thread. Other
/// threads keep theirs. Returns what `machine_openmp_leave` takes: the count before, or 0 where
/// nothing was set.
int machine_openmp_enter(int count);
/// Ends the scope that the same thread entered last.
void machine_openmp_leave(int before);

/// A short rest inside a loop that waits for another thread: leaves the core's units to its
/// sibling.
static inline void machine_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
