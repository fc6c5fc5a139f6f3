#pragma once

#include <stdint.h>

// Reductions in Float64 whose order is part of their definition: entry j in lane j mod 8, lanes
// combined as ((0+4)+(2+6))+((1+5)+(3+7)), then the last count mod 8 entries in order of their
// index. Products and sums are rounded one by one, without fma, so every variant for a CPU gives
// the same bits. Only a NaN's payload may differ.

/// Σ x_j·y_j.
double tombola_dot_f64(const double *x, const double *y, long count);
/// Σ x_j·y_j, the entries of x widened exactly.
double tombola_dot_f32(const float *x, const double *y, long count);
/// Σ (y_j − x_j)².
double tombola_squared_distance_f64(const double *x, const double *y, long count);
/// Σ (y_j − scale·x_j)², the entries of x widened exactly.
double tombola_squared_distance_f32(const float *x, double scale, const double *y, long count);

/// Writes y_j − x_j.
void tombola_difference_f64(const double *y, const double *x, double *target, long count);
/// Writes y_j − scale·x_j, the entries of x widened exactly.
void tombola_difference_f32(const double *y, const float *x, double scale, double *target, long count);
/// max |x_j|, 0 for no entries, infinite when an entry is NaN.
double tombola_largest_f64(const double *values, long count);

/// Writes the indices whose values are not below `limit`, ascending, and returns how many there
/// are. NaN is not below. `places` has room for `count` indices, which are below 2^31.
long tombola_reaching_f32(const float *values, long count, float limit, int *places);
long tombola_reaching_f64(const double *values, long count, double limit, int *places);

/// A square around a point, and how a bitmap has cells on two axes: value v lies in cell min(max(0,
/// (v − low)·inverse), last), rounded down, and each cell of x has a row of `words` words of 32
/// bits.
typedef struct {
  double x, y, reach;
  double low_x, inverse_x, last_x;
  double low_y, inverse_y, last_y;
  int words;
} tombola_cell_window;

/// Writes the indices i for which a corner of the square around (window.x − x_i, window.y − y_i)
/// lies in a cell whose bit is set, ascending, and returns how many there are. `places` has room
/// for `count` + 8 indices, which are below 2^31. A square that is no wider than a cell lies in the
/// cells of its corners.
long tombola_near_cells(const double *x, const double *y, long count, const tombola_cell_window *window,
                        const uint32_t *bitmap, int *places);

/// Writes the products of `row_count` rows of m entries with `count` vectors. Entry a of a product
/// is Σ_b M_ab·v_b with b ascending, each product and sum rounded by itself. `scratch` has room for
/// 16·m entries. Strides count entries.
void tombola_row_products_f64(const double *matrix, long row_count, long row_stride, long m,
                              const double *vectors, long vector_stride, long count, double *products,
                              long product_stride, double *scratch);
