#include "Clones.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

// Blocks are judged whole, without a branch for each entry.
#define DEFINE(T, S, BLOCK)                                                                        \
  CLONES long tombola_first_reaching_##T(const S *values, long start, long count, S limit) {       \
    long k = start;                                                                                \
    for (; k + BLOCK <= count; k += BLOCK) {                                                       \
      int reached = 0;                                                                             \
      for (long c = 0; c < BLOCK; c++) reached |= !(values[k + c] < limit);                        \
      if (reached) break;                                                                          \
    }                                                                                              \
    for (; k < count; k++)                                                                         \
      if (!(values[k] < limit)) return k;                                                          \
    return count;                                                                                  \
  }

DEFINE(f32, float, 64)
DEFINE(f64, double, 32)
