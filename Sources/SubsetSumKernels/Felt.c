#include "Clones.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

// Eight errors at a time, each in a lane.
typedef double Lanes __attribute__((vector_size(64), aligned(8)));

#define ERRORS 8
#define ROWS 4
#define LOAD(p) (*(const Lanes *)(p))
#define INLINE static inline __attribute__((always_inline))

// Rows `first` and after of T·E, for one of the outputs.
INLINE void feel(const double *root, long taps, long step, const double *errors, double *felt, long first,
                 long row_count) {
  Lanes sums[ROWS] = {{0}};
  for (long b = 0; b < taps; b++) {
    const Lanes x = LOAD(errors + b * step);
    for (long r = 0; r < row_count; r++) sums[r] += root[(first + r) * taps + b] * x;
  }
  for (long r = 0; r < row_count; r++) *(Lanes *)(felt + (first + r) * step) = sums[r];
}

CLONES void tombola_felt_f64(const double *root, long taps, long outputs, const double *errors, long count,
                             double *felt, double *squares, double *scratch) {
  const long m = taps * outputs, step = ERRORS * outputs;
  double *own = scratch, *seen = scratch + ERRORS * m;
  for (long start = 0; start < count; start += ERRORS) {
    const long some = count - start < ERRORS ? count - start : ERRORS;
    for (long v = 0; v < ERRORS; v++)
      for (long k = 0; k < m; k++) own[ERRORS * k + v] = v < some ? errors[(start + v) * m + k] : 0;
    for (long o = 0; o < outputs; o++) {
      long a = 0;
      for (; a + ROWS <= taps; a += ROWS) feel(root, taps, step, own + ERRORS * o, seen + ERRORS * o, a, ROWS);
      for (; a < taps; a++) feel(root, taps, step, own + ERRORS * o, seen + ERRORS * o, a, 1);
    }
    Lanes sums = {0};
    for (long k = 0; k < m; k++) sums += LOAD(seen + ERRORS * k) * LOAD(seen + ERRORS * k);
    for (long v = 0; v < some; v++) squares[start + v] = sums[v];
    if (!felt) continue;
    for (long v = 0; v < some; v++)
      for (long k = 0; k < m; k++) felt[(start + v) * m + k] = seen[ERRORS * k + v];
  }
}
