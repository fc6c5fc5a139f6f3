#include "BenchKernels.h"
#include <cblas.h>

#define TRANSPOSED(flag) ((flag) ? CblasTrans : CblasNoTrans)

#define BARE(S, p)                                                                                                     \
  void bench_bare_##p##gemm(int ta, int tb, int m, int n, int k, const S *a, const S *b, S *c) {                       \
    cblas_##p##gemm(CblasRowMajor, TRANSPOSED(ta), TRANSPOSED(tb), m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n); \
  }                                                                                                                    \
  void bench_bare_##p##gemv(int t, int m, int n, const S *a, const S *x, S *y) {                                       \
    cblas_##p##gemv(CblasRowMajor, TRANSPOSED(t), m, n, 1, a, n, x, 1, 0, y, 1);                                       \
  }

BARE(float, s)
BARE(double, d)
