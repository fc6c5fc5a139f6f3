#include "Clones.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

// Sixteen states are turned into columns of lanes, so that every lane adds up the entries of one
// state in the order of the matrix's columns.
typedef double Lanes __attribute__((vector_size(64), aligned(8)));
typedef float Singles __attribute__((vector_size(32), aligned(4)));
typedef float Wide __attribute__((vector_size(64), aligned(4)));

// Divides the sizes of groups evenly, or nearly so.
#define ROWS 5
#define STATES 16
#define MOST_ROWS 16
#define LOAD(p) (*(const Lanes *)(p))
#define SHUFFLE __builtin_shufflevector

// Turns eight vectors of eight lanes: lane i of vector k becomes lane k of vector i.
#define TURN(V, x)                                                                                 \
  do {                                                                                             \
    V pairs[8], fours[8];                                                                          \
    for (long i = 0; i < 8; i += 2) {                                                              \
      pairs[i] = SHUFFLE(x[i], x[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);                               \
      pairs[i + 1] = SHUFFLE(x[i], x[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);                           \
    }                                                                                              \
    for (long i = 0; i < 8; i += 4)                                                                \
      for (long odd = 0; odd < 2; odd++) {                                                         \
        fours[i + odd] = SHUFFLE(pairs[i + odd], pairs[i + 2 + odd], 0, 1, 8, 9, 4, 5, 12, 13);    \
        fours[i + 2 + odd] =                                                                       \
            SHUFFLE(pairs[i + odd], pairs[i + 2 + odd], 2, 3, 10, 11, 6, 7, 14, 15);               \
      }                                                                                            \
    for (long c = 0; c < 4; c++) {                                                                 \
      x[c] = SHUFFLE(fours[c], fours[4 + c], 0, 1, 2, 3, 8, 9, 10, 11);                            \
      x[c + 4] = SHUFFLE(fours[c], fours[4 + c], 4, 5, 6, 7, 12, 13, 14, 15);                      \
    }                                                                                              \
  } while (0)

// Writes y and √ρ of `filled` of sixteen states, whose products have a state in a lane. False where
// one is not finite.
static inline __attribute__((always_inline)) int finish(const Lanes (*products)[2], const double *inverse, long size,
                                                        const double *scores, long filled, double *coordinates) {
  Lanes explained[2] = {{0}};
  for (long i = 0; i < size; i++) {
    Lanes reduced[2] = {{0}};
    for (long k = 0; k <= i; k++)
      for (long half = 0; half < 2; half++) reduced[half] += inverse[i * size + k] * products[k][half];
    for (long half = 0; half < 2; half++) explained[half] += reduced[half] * reduced[half];
  }
  int is_finite = 1;
  for (long v = 0; v < filled; v++) {
    double *state = coordinates + v * (size + 1);
    for (long i = 0; i < size; i++) state[i] = products[i][v / 8][v % 8];
    const double square = explained[v / 8][v % 8], rest = scores[v] - square;
    state[size] = rest > 0 ? __builtin_sqrt(rest) : 0;
    is_finite &= square - square == 0;
  }
  return is_finite;
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
      for (long v = 0; v < STATES; v += 8) {
        Lanes x[8];
        for (long c = 0; c < 8; c++) x[c] = LOAD(states[v + c] + b);
        TURN(Lanes, x);
        for (long c = 0; c < 8; c++) *(Lanes *)(scratch + (b + c) * STATES + v) = x[c];
      }
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

    finish(products, inverse, size, scores + start, filled, coordinates + start * (size + 1));
  }
}

CLONES int tombola_projections_f32(const float *matrix, const double *scales, const double *inverse, long size,
                                   long stride, long m, const double *residuals, const double *scores, long count,
                                   double *coordinates, float *scratch) {
  int is_finite = 1;
  for (long start = 0; start < count; start += STATES) {
    const long filled = count - start < STATES ? count - start : STATES;
    const double *states[STATES];
    for (long v = 0; v < STATES; v++) states[v] = residuals + (start + (v < filled ? v : 0)) * stride;
    // Rows are padded to a multiple of eight.
    for (long b = 0; b < m; b += 8)
      for (long v = 0; v < STATES; v += 8) {
        Singles x[8];
        for (long c = 0; c < 8; c++)
          x[c] = __builtin_convertvector(LOAD(states[v + c] + b) * LOAD(scales + b), Singles);
        TURN(Singles, x);
        for (long c = 0; c < 8; c++) *(Singles *)(scratch + (b + c) * STATES + v) = x[c];
      }
    Lanes products[MOST_ROWS][2];
    for (long a = 0; a < size; a += ROWS) {
      Wide sums[ROWS] = {{0}};
      const float *rows[ROWS];
      for (long i = 0; i < ROWS; i++) rows[i] = matrix + (a + i < size ? a + i : a) * stride;
      for (long j = 0; j < m; j++) {
        const Wide column = *(const Wide *)(scratch + j * STATES);
        for (long i = 0; i < ROWS; i++) sums[i] += rows[i][j] * column;
      }
      for (long i = 0; i < ROWS && a + i < size; i++) {
        float halves[STATES];
        *(Wide *)halves = sums[i];
        for (long half = 0; half < 2; half++)
          products[a + i][half] = __builtin_convertvector(*(const Singles *)(halves + 8 * half), Lanes);
      }
    }
    is_finite &= finish(products, inverse, size, scores + start, filled, coordinates + start * (size + 1));
  }
  return is_finite;
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
