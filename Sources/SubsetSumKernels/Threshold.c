#include "Clones.h"
#include "Places.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

// Whole blocks are judged without a branch for each entry.
#define BLOCK 64

#define DEFINE(T, S)                                                                               \
  CLONES long tombola_reaching_##T(const S *values, long count, S limit, int *places) {            \
    long met = 0, k = 0;                                                                           \
    for (; k + BLOCK <= count; k += BLOCK) {                                                       \
      int reached = 0;                                                                             \
      for (long c = 0; c < BLOCK; c++) reached |= !(values[k + c] < limit);                        \
      if (!reached) continue;                                                                      \
      unsigned char flags[BLOCK];                                                                  \
      for (long c = 0; c < BLOCK; c++) flags[c] = !(values[k + c] < limit);                        \
      met = note(flags, BLOCK, k, met, places);                                                    \
    }                                                                                              \
    for (; k < count; k++)                                                                         \
      if (!(values[k] < limit)) places[met++] = (int)k;                                            \
    return met;                                                                                    \
  }

DEFINE(f32, float)
DEFINE(f64, double)

// Values are read anyway, so that zeros cost little where they are written meanwhile.
CLONES long tombola_take_reaching_f32(float *values, long count, float limit, int *places) {
  long met = 0, k = 0;
  for (; k + BLOCK <= count; k += BLOCK) {
    float block[BLOCK];
    int reached = 0;
    for (long c = 0; c < BLOCK; c++) {
      block[c] = values[k + c];
      reached |= !(block[c] < limit);
      values[k + c] = 0;
    }
    if (!reached) continue;
    unsigned char flags[BLOCK];
    for (long c = 0; c < BLOCK; c++) flags[c] = !(block[c] < limit);
    met = note(flags, BLOCK, k, met, places);
  }
  for (; k < count; k++) {
    if (!(values[k] < limit)) places[met++] = (int)k;
    values[k] = 0;
  }
  return met;
}

CLONES long tombola_within_limits_f32(const float *values, float factor, const float *limits, float least, long count,
                                      int *places) {
  long met = 0, k = 0;
  for (; k + BLOCK <= count; k += BLOCK) {
    int within = 0;
    for (long c = 0; c < BLOCK; c++) within |= least <= limits[k + c] + factor * values[k + c];
    if (!within) continue;
    unsigned char flags[BLOCK];
    for (long c = 0; c < BLOCK; c++) flags[c] = least <= limits[k + c] + factor * values[k + c];
    met = note(flags, BLOCK, k, met, places);
  }
  for (; k < count; k++)
    if (least <= limits[k] + factor * values[k]) places[met++] = (int)k;
  return met;
}
