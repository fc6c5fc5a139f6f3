#include "Clones.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

// Sixteen states are turned into columns of lanes, so that every lane adds up the entries of one
// state in the order of the matrix's columns.
typedef double Lanes __attribute__((vector_size(64), aligned(8)));

// Divides the sizes of groups evenly, or nearly so.
#define ROWS 5
#define STATES 16
#define MOST_ROWS 16
#define LOAD(p) (*(const Lanes *)(p))
#define SHUFFLE __builtin_shufflevector

// Writes entries b to b + 7 of eight states, an entry of all eight at a time, STATES apart.
static inline __attribute__((always_inline)) void turn(const double *const *states, long b, double *columns) {
  Lanes pairs[8], fours[8];
  for (long i = 0; i < 8; i += 2) {
    const Lanes x = LOAD(states[i] + b), y = LOAD(states[i + 1] + b);
    pairs[i] = SHUFFLE(x, y, 0, 8, 2, 10, 4, 12, 6, 14);
    pairs[i + 1] = SHUFFLE(x, y, 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (long i = 0; i < 8; i += 4) {
    for (long odd = 0; odd < 2; odd++) {
      fours[i + odd] = SHUFFLE(pairs[i + odd], pairs[i + 2 + odd], 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 + odd] = SHUFFLE(pairs[i + odd], pairs[i + 2 + odd], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (long c = 0; c < 4; c++) {
    *(Lanes *)(columns + c * STATES) = SHUFFLE(fours[c], fours[4 + c], 0, 1, 2, 3, 8, 9, 10, 11);
    *(Lanes *)(columns + (c + 4) * STATES) = SHUFFLE(fours[c], fours[4 + c], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

CLONES void tombola_projections_f64(const double *matrix, const double *inverse, long size, long stride, long m,
                                    const double *residuals, const double *scores, long count,
                                    double *coordinates, double *scratch) {
  for (long start = 0; start < count; start += STATES) {
    const long filled = count - start < STATES ? count - start : STATES;
    const double *states[STATES];
    for (long v = 0; v < STATES; v++) states[v] = residuals + (start + (v < filled ? v : 0)) * stride;
    long b = 0;
    for (; b + 8 <= m; b += 8)
      for (long v = 0; v < STATES; v += 8) turn(states + v, b, scratch + b * STATES + v);
    for (; b < m; b++)
      for (long v = 0; v < STATES; v++) scratch[b * STATES + v] = states[v][b];

    Lanes products[MOST_ROWS][2];
    for (long half = 0; half < 2; half++)
      for (long a = 0; a < size; a += ROWS) {
        Lanes sums[ROWS] = {{0}};
        const double *rows[ROWS];
        for (long i = 0; i < ROWS; i++) rows[i] = matrix + (a + i < size ? a + i : a) * stride;
        for (long j = 0; j < m; j++) {
          const Lanes column = LOAD(scratch + j * STATES + 8 * half);
          for (long i = 0; i < ROWS; i++) sums[i] += rows[i][j] * column;
        }
        for (long i = 0; i < ROWS && a + i < size; i++) products[a + i][half] = sums[i];
      }

    Lanes explained[2] = {{0}};
    for (long i = 0; i < size; i++) {
      Lanes reduced[2] = {{0}};
      for (long k = 0; k <= i; k++)
        for (long half = 0; half < 2; half++) reduced[half] += inverse[i * size + k] * products[k][half];
      for (long half = 0; half < 2; half++) explained[half] += reduced[half] * reduced[half];
    }
    for (long v = 0; v < filled; v++) {
      double *state = coordinates + (start + v) * (size + 1);
      for (long i = 0; i < size; i++) state[i] = products[i][v / 8][v % 8];
      const double rest = scores[start + v] - explained[v / 8][v % 8];
      state[size] = rest > 0 ? __builtin_sqrt(rest) : 0;
    }
  }
}

// Four points at a time, so that their sums do not wait for each other.
#define POINTS 4

CLONES void tombola_eight_distances_f64(const double *panel, const double *points, long point_count, long step,
                                        long count, double *distances) {
  for (long k = 0; k < point_count; k += POINTS) {
    const double *point[POINTS];
    for (long v = 0; v < POINTS; v++) point[v] = points + (k + v < point_count ? k + v : k) * step;
    Lanes sums[POINTS] = {{0}};
    for (long j = 0; j < count; j++) {
      const Lanes x = LOAD(panel + 8 * j);
      for (long v = 0; v < POINTS; v++) {
        const Lanes difference = point[v][j] - x;
        sums[v] += difference * difference;
      }
    }
    for (long v = 0; v < POINTS && k + v < point_count; v++) *(Lanes *)(distances + 8 * (k + v)) = sums[v];
  }
}

// Few values of many are among the least, so 32 are compared with the largest of those at a time.
CLONES void tombola_least_f64(const double *values, long value_count, long count, double *least) {
  for (long i = 0; i < count; i++) least[i] = __builtin_inf();
  double *last = least + count - 1;
  for (long k = 0; k < value_count;) {
    if (k + 32 <= value_count) {
      int below = 0;
      for (long c = 0; c < 32; c++) below |= values[k + c] < *last;
      if (!below) {
        k += 32;
        continue;
      }
    }
    for (const long end = k + 32 < value_count ? k + 32 : value_count; k < end; k++) {
      const double value = values[k];
      if (!(value < *last)) continue;
      double *place = last;
      for (; place > least && place[-1] > value; place--) *place = place[-1];
      *place = value;
    }
  }
}

CLONES void tombola_children_f64(const double *residuals, const uint32_t *parents, const uint16_t *codes, long count,
                                 const double *low_sums, const double *high_sums, long low_count, long stride,
                                 double *children) {
  for (long k = 0; k < count; k++) {
    const double *parent = residuals + parents[k] * stride;
    const double *low = low_sums + (codes[k] & ((1L << low_count) - 1)) * stride;
    const double *high = high_sums + (codes[k] >> low_count) * stride;
    double *child = children + k * stride;
    for (long j = 0; j < stride; j += 8) *(Lanes *)(child + j) = (LOAD(parent + j) - LOAD(low + j)) - LOAD(high + j);
  }
}

CLONES void tombola_signed_sums_f64(const double *factor, long size, double *sums) {
  const long width = size + 1;
  for (long j = 0; j < width; j++) {
    sums[j] = 0;
    for (long i = j; i < size; i++) sums[j] -= factor[i * size + j];
  }
  for (long bit = 0; bit < size; bit++) {
    double twice[MOST_ROWS + 1] = {0};
    for (long j = 0; j <= bit; j++) twice[j] = 2 * factor[bit * size + j];
    for (long c = 0; c < 1L << bit; c++) {
      const double *from = sums + c * width;
      double *to = sums + (c | 1L << bit) * width;
      for (long j = 0; j < width; j++) to[j] = from[j] + twice[j];
    }
  }
}

CLONES void tombola_panels_f64(const double *rows, long row_count, long entries, long apart, long panel_count,
                               double *panels) {
  const long step = apart % row_count;
  long k = 0;
  for (long place = 0; place < 8 * panel_count; place++, k = k + step < row_count ? k + step : k + step - row_count) {
    const double *row = rows + k * entries;
    double *panel = panels + place / 8 * 8 * entries + place % 8;
    for (long j = 0; j < entries; j++) panel[8 * j] = row[j];
  }
}

CLONES void tombola_pack_f32(const double *rows, long count, long entries, double shrink, float *packed) {
  for (long i = 0; i < count; i++)
    for (long j = 0; j < entries; j++) packed[i * (entries + 1) + j] = (float)(rows[i * entries + j] * shrink);
}
