#include "Clones.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

// Sixteen vectors are turned into columns of lanes, so that every lane adds up one entry of one
// vector in the order of the matrix's columns.
typedef double Lanes __attribute__((vector_size(64), aligned(8)));

#define ROWS 4
#define VECTORS 16

CLONES void tombola_row_products_f64(const double *matrix, long row_count, long row_stride, long m,
                                     const double *vectors, long vector_stride, long count, double *products,
                                     long product_stride, double *scratch) {
  Lanes *columns = (Lanes *)scratch;
  for (long start = 0; start < count; start += VECTORS) {
    const long filled = count - start < VECTORS ? count - start : VECTORS;
    for (long b = 0; b < m; b++)
      for (long v = 0; v < VECTORS; v++)
        scratch[b * VECTORS + v] = v < filled ? vectors[(start + v) * vector_stride + b] : 0;
    for (long a = 0; a < row_count; a += ROWS) {
      const long rows = row_count - a < ROWS ? row_count - a : ROWS;
      Lanes sums[ROWS][2] = {{{0}}};
      const double *r[ROWS];
      for (long i = 0; i < ROWS; i++) r[i] = matrix + (a + (i < rows ? i : 0)) * row_stride;
      for (long b = 0; b < m; b++)
        for (long i = 0; i < ROWS; i++) {
          sums[i][0] += r[i][b] * columns[2 * b];
          sums[i][1] += r[i][b] * columns[2 * b + 1];
        }
      for (long i = 0; i < rows; i++)
        for (long v = 0; v < filled; v++)
          products[(start + v) * product_stride + a + i] = sums[i][v / 8][v % 8];
    }
  }
}
