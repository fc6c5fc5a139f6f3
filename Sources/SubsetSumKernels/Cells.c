#include "Clones.h"
#include "Places.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

#define BLOCK 256

static inline int place(double value, double low, double inverse, double last) {
  double p = (value - low) * inverse;
  p = p > 0 ? p : 0;
  p = p < last ? p : last;
  return (int)p;
}

static inline uint32_t bit(const uint32_t *bitmap, int row, int cell, int words) {
  return bitmap[(long)row * words + (cell >> 5)] >> (cell & 31);
}

// All flags are made first, without branches, so that lanes look up side by side. Then the few
// flags that are set are gone through.
CLONES long tombola_near_cells(const double *x, const double *y, long count, const tombola_cell_window *w,
                               const uint32_t *bitmap, int *places) {
  long met = 0;
  for (long start = 0; start < count; start += BLOCK) {
    const long block = count - start < BLOCK ? count - start : BLOCK;
    unsigned char flags[BLOCK];
    memset(flags, 0, BLOCK);
    for (long i = 0; i < block; i++) {
      const double p = w->x - x[start + i], q = w->y - y[start + i];
      const int top = place(p - w->reach, w->low_x, w->inverse_x, w->last_x);
      const int bottom = place(p + w->reach, w->low_x, w->inverse_x, w->last_x);
      const int left = place(q - w->reach, w->low_y, w->inverse_y, w->last_y);
      const int right = place(q + w->reach, w->low_y, w->inverse_y, w->last_y);
      const uint32_t any = bit(bitmap, top, left, w->words) | bit(bitmap, top, right, w->words) |
                           bit(bitmap, bottom, left, w->words) | bit(bitmap, bottom, right, w->words);
      flags[i] = any & 1;
    }
    met = note(flags, BLOCK, start, met, places);
  }
  return met;
}
