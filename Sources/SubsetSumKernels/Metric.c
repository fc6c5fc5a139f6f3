#include "Clones.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

// A symmetric matrix is its upper triangle, row by row, so that lanes run along a row and every
// entry is added up in the order of the rows above it.
typedef double Lanes __attribute__((vector_size(64), aligned(8)));

#define ROWS 4
#define VECTORS 5
#define MOST_VECTORS 16
#define LOAD(p) (*(const Lanes *)(p))
#define INLINE static inline __attribute__((always_inline))

// From `row_count` rows of a target, in `lane_count` times eight columns, takes for each k a row of
// `right` times scale·left[k·stride + r].
INLINE void reduce(const double *left, const double *right, long count, long stride, double scale, double *target,
                   long row_count, long lane_count) {
  Lanes sums[ROWS][2];
  for (long r = 0; r < row_count; r++)
    for (long l = 0; l < lane_count; l++) sums[r][l] = LOAD(target + r * stride + 8 * l);
  for (long k = 0; k < count; k++) {
    Lanes x[2];
    for (long l = 0; l < lane_count; l++) x[l] = LOAD(right + k * stride + 8 * l);
    for (long r = 0; r < row_count; r++) {
      const double weight = scale * left[k * stride + r];
      for (long l = 0; l < lane_count; l++) sums[r][l] -= weight * x[l];
    }
  }
  for (long r = 0; r < row_count; r++)
    for (long l = 0; l < lane_count; l++) *(Lanes *)(target + r * stride + 8 * l) = sums[r][l];
}

// The same for rows `first` and after of a matrix, from the eight columns on that hold the first's
// diagonal entry.
INLINE void reduce_rows(const double *rows, long count, long stride, double scale, double *matrix, long first,
                        long row_count) {
  long c = first & ~7L;
  double *target = matrix + first * stride;
  for (; c + 16 <= stride; c += 16)
    reduce(rows + first, rows + c, count, stride, scale, target + c, row_count, 2);
  if (c < stride) reduce(rows + first, rows + c, count, stride, scale, target + c, row_count, 1);
}

CLONES void tombola_add_quarter_squares_f64(const double *rows, long count, long m, long stride, double *matrix) {
  long i = 0;
  for (; i + ROWS <= m; i += ROWS) reduce_rows(rows, count, stride, -0.25, matrix, i, ROWS);
  for (; i < m; i++) reduce_rows(rows, count, stride, -0.25, matrix, i, 1);
}

INLINE void factorize_rows(double *matrix, long stride, long first, long row_count) {
  double diagonal[ROWS];
  for (long r = 0; r < row_count; r++) diagonal[r] = matrix[(first + r) * stride + first + r];
  reduce_rows(matrix, first, stride, 1, matrix, first, row_count);
  for (long i = first; i < first + row_count; i++) {
    double *row = matrix + i * stride;
    for (long k = first; k < i; k++) {
      const double *above = matrix + k * stride;
      const double weight = above[i];
      for (long c = first & ~7L; c < stride; c += 8) *(Lanes *)(row + c) = LOAD(row + c) - weight * LOAD(above + c);
    }
    const double least = diagonal[i - first] * 0x1p-48;
    double pivot = row[i] > least ? row[i] : least;
    if (!(pivot >= 0x1p-1022)) pivot = 0x1p-1022;
    const double root = __builtin_sqrt(pivot), inverse = 1 / root;
    for (long c = first & ~7L; c < stride; c += 8) *(Lanes *)(row + c) = LOAD(row + c) * inverse;
    row[i] = root;
  }
}

CLONES void tombola_factorize_f64(double *matrix, long m, long stride) {
  long i = 0;
  for (; i + ROWS <= m; i += ROWS) factorize_rows(matrix, stride, i, ROWS);
  for (; i < m; i++) factorize_rows(matrix, stride, i, 1);
}

CLONES void tombola_solve_forward_f64(const double *factor, long m, long stride, double *vectors, long count) {
  for (long first = 0; first < count; first += VECTORS) {
    double *rows[VECTORS];
    for (long v = 0; v < VECTORS; v++) rows[v] = vectors + (first + v < count ? first + v : first) * stride;
    for (long c = 0; c < m; c += 8) {
      Lanes sums[VECTORS];
      for (long v = 0; v < VECTORS; v++) sums[v] = LOAD(rows[v] + c);
      for (long k = 0; k < c; k++) {
        const Lanes x = LOAD(factor + k * stride + c);
        for (long v = 0; v < VECTORS; v++) sums[v] -= rows[v][k] * x;
      }
      double solved[VECTORS][8] = {{0}};
      for (long i = c; i < c + 8 && i < m; i++) {
        const double *row = factor + i * stride;
        for (long v = 0; v < VECTORS; v++) {
          solved[v][i - c] = sums[v][i - c] / row[i];
          sums[v] -= solved[v][i - c] * LOAD(row + c);
        }
      }
      for (long v = 0; v < VECTORS; v++) *(Lanes *)(rows[v] + c) = LOAD(solved[v]);
    }
  }
}

// Rows `first`, which is the last of `row_count`, and before it: an entry of each vector in a lane.
INLINE void solve_rows(const double *factor, long m, long stride, double *entries, long first, long row_count,
                       long lane_count) {
  Lanes sums[ROWS][2];
  for (long r = 0; r < row_count; r++)
    for (long l = 0; l < lane_count; l++) sums[r][l] = LOAD(entries + (first - r) * MOST_VECTORS + 8 * l);
  for (long j = m - 1; j > first; j--)
    for (long l = 0; l < lane_count; l++) {
      const Lanes x = LOAD(entries + j * MOST_VECTORS + 8 * l);
      for (long r = 0; r < row_count; r++) sums[r][l] -= factor[(first - r) * stride + j] * x;
    }
  for (long r = 0; r < row_count; r++) {
    const double *row = factor + (first - r) * stride;
    for (long l = 0; l < lane_count; l++) {
      for (long q = 0; q < r; q++)
        sums[r][l] -= row[first - q] * LOAD(entries + (first - q) * MOST_VECTORS + 8 * l);
      *(Lanes *)(entries + (first - r) * MOST_VECTORS + 8 * l) = sums[r][l] / row[first - r];
    }
  }
}

CLONES void tombola_solve_backward_f64(const double *factor, long m, long stride, double *vectors, long count,
                                       double *scratch) {
  for (long j = 0; j < m; j++)
    for (long v = 0; v < MOST_VECTORS; v++) scratch[j * MOST_VECTORS + v] = v < count ? vectors[v * stride + j] : 0;
  long i = m - 1;
  if (count > 8) {
    for (; i + 1 >= ROWS; i -= ROWS) solve_rows(factor, m, stride, scratch, i, ROWS, 2);
    for (; i >= 0; i--) solve_rows(factor, m, stride, scratch, i, 1, 2);
  } else {
    for (; i + 1 >= ROWS; i -= ROWS) solve_rows(factor, m, stride, scratch, i, ROWS, 1);
    for (; i >= 0; i--) solve_rows(factor, m, stride, scratch, i, 1, 1);
  }
  for (long j = 0; j < m; j++)
    for (long v = 0; v < count; v++) vectors[v * stride + j] = scratch[j * MOST_VECTORS + v];
}
