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
/// The same, and replaces the values by zeros.
long tombola_take_reaching_f32(float *values, long count, float limit, int *places);
/// Writes the indices for which least ≤ limits_j + factor·values_j, ascending, and returns how many
/// there are. NaN is not within a limit. `places` has room for `count` indices, which are below
/// 2^31.
long tombola_within_limits_f32(const float *values, float factor, const float *limits, float least, long count,
                               int *places);

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

/// An axis of a grid of cells: value v of a coordinate lies in cell v·inverse + shift, rounded
/// down, of `cells`, an integer.
typedef struct {
  long coordinate;
  double inverse, shift, cells;
} tombola_cell_axis;

/// Writes the number of the cell in which sign·v lies for each of `count` rows v of m entries, or
/// all ones where it lies outside. There are fewer than 2^62 cells.
void tombola_cell_keys_f64(const double *rows, long count, long m, const tombola_cell_axis *axes, long axis_count,
                           double sign, uint64_t *keys);
void tombola_cell_keys_f32(const float *rows, long count, long m, const tombola_cell_axis *axes, long axis_count,
                           double sign, uint64_t *keys);

/// A sum in a table of cells, with the low half of its key's hash.
typedef struct {
  uint32_t tag, sum;
} tombola_cell_entry;

/// Adds to `counts` the number of keys of each bucket from `first` to before `end`. A key's hash is
/// `SplitMix.mix`, and its bucket the hash without its `shift` lowest bits. Keys of all ones have
/// none.
void tombola_count_cells(const uint64_t *keys, long count, long shift, long first, long end, uint32_t *counts);
/// Writes an entry for each of those keys, of which the first has this number, at its bucket's
/// place, which moves on by one.
void tombola_place_cells(const uint64_t *keys, long count, long shift, long first, long end, uint32_t *places,
                         long number, tombola_cell_entry *entries);

/// A sum of one list and one of another.
typedef struct {
  uint32_t left, right;
} tombola_pair;

/// How far lookups have come: the next key, and how many entries of its bucket have been seen.
typedef struct {
  long key;
  uint32_t skipped;
} tombola_lookup_place;

/// Writes the pairs (key's number, entry's sum) of entries whose tag is that of a key, for keys
/// from `place` up to `end`, by key and then by entry, at most `room`, and returns how many there
/// are. `place` moves to where it stopped. Bucket b has entries starts_b to starts_{b+1}.
long tombola_look_up(const uint64_t *keys, tombola_lookup_place *place, long end, const uint32_t *starts,
                     const tombola_cell_entry *entries, long shift, tombola_pair *pairs, long room);

/// Writes the sum of two rows of m entries for each pair.
void tombola_add_pairs_f64(const double *left, const double *right, long m, const tombola_pair *pairs, long count,
                           double *target);
void tombola_add_pairs_f32(const float *left, const float *right, long m, const tombola_pair *pairs, long count,
                           float *target);

/// Writes `size` + 1 coordinates of each of `count` states, of which `residuals` has `stride`
/// entries each and `scores` one. With y the products of the matrix's `size` rows, at most 16, with
/// the m entries of a state, and z those of the lower triangle `inverse` with y, the coordinates
/// are y and √max(0, score − ‖z‖²). Sums run in ascending order, every product and sum rounded.
/// `scratch` has room for 16·m entries. Strides count entries.
void tombola_projections_f64(const double *matrix, const double *inverse, long size, long stride, long m,
                             const double *residuals, const double *scores, long count, double *coordinates,
                             double *scratch);

/// Writes 2^`size` rows of `size` + 1 entries: Tᵀs and a zero, where T is the lower triangle
/// `factor` and s_i = 1 where bit i of the row's number is set, else −1.
void tombola_signed_sums_f64(const double *factor, long size, double *sums);
/// Writes panels of eight rows of `entries` entries each, entry j of the eight one after another:
/// place k holds row k·`apart` modulo `row_count`.
void tombola_panels_f64(const double *rows, long row_count, long entries, long apart, long panel_count,
                        double *panels);
/// Writes rows of `entries` entries times `shrink` to rows with room for one more entry.
void tombola_pack_f32(const double *rows, long count, long entries, double shrink, float *packed);

/// Writes the squared distances of `point_count` points, `step` entries apart, from eight others,
/// whose entry j is panel[8·j…8·j + 7]: eight distances a point. Each sum is over `count` entries
/// in ascending order, without fma.
void tombola_eight_distances_f64(const double *panel, const double *points, long point_count, long step, long count,
                                 double *distances);

/// Writes (parent − low) − high for each child: parent is a row of `residuals`, low that of
/// `low_sums` which the last `low_count` bits of the child's code name, and high that of
/// `high_sums` which the others do. Rows have `stride` entries, a multiple of 8.
void tombola_children_f64(const double *residuals, const uint32_t *parents, const uint16_t *codes, long count,
                          const double *low_sums, const double *high_sums, long low_count, long stride,
                          double *children);

// A symmetric m × m matrix is its upper triangle in rows of `stride` entries, a multiple of 8. What
// lies below the diagonal is changed without meaning. Sums run in ascending order of the rows above
// an entry, every product and sum rounded.

/// Adds ¼·Σ x·xᵀ over `count` rows x of `stride` entries, the last of them zeros, to a matrix.
void tombola_add_quarter_squares_f64(const double *rows, long count, long m, long stride, double *matrix);
/// Replaces a matrix by U with Uᵀ·U the matrix. A pivot below 2⁻⁴⁸ of its diagonal entry is raised
/// to that, or to the smallest normal number.
void tombola_factorize_f64(double *matrix, long m, long stride);
/// Replaces each of `count` vectors x of `stride` entries by U⁻ᵀx.
void tombola_solve_forward_f64(const double *factor, long m, long stride, double *vectors, long count);
/// Replaces each of `count` vectors x of `stride` entries, at most 16, by U⁻¹x. `scratch` has room
/// for 16·m entries.
void tombola_solve_backward_f64(const double *factor, long m, long stride, double *vectors, long count,
                                double *scratch);

/// Puts the least `count` of some values into `least`, ascending, infinity where there are fewer.
/// NaN is left out.
void tombola_least_f64(const double *values, long value_count, long count, double *least);

/// T·E and its sum of squares for each of `count` errors E of taps × outputs entries, T = `root` of
/// taps × taps. Sums run in ascending order, every product and sum rounded. `felt` is null where
/// only the squares are wanted, or has room for all T·E; `scratch` has room for 16·taps·outputs
/// entries.
void tombola_felt_f64(const double *root, long taps, long outputs, const double *errors, long count, double *felt,
                      double *squares, double *scratch);
