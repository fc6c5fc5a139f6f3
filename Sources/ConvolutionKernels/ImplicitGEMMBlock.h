// One kernel, for one element type and vector width. Included with
// SCALAR, BYTES (of a vector), VECTORS (of a panel's row), MOST (pixels of a block), TARGET,
// NAME(x) defined. A block keeps MOST × VECTORS sums in registers; each step of k loads VECTORS
// weights and MOST broadcast entries. Every loop over sums is unrolled whole, or they would lie in
// memory.
typedef SCALAR NAME(vector) __attribute__((vector_size(BYTES)));
typedef SCALAR NAME(unaligned) __attribute__((vector_size(BYTES), aligned(sizeof(SCALAR))));
typedef INTEGER NAME(mask) __attribute__((vector_size(BYTES)));
#define LANES (BYTES / (long)sizeof(SCALAR))

TARGET static inline __attribute__((always_inline)) void NAME(block)(
    const long count, const TombolaPatches *patches, const SCALAR *input, const SCALAR *panel, const SCALAR *bias,
    SCALAR *output, long columns) {
  typedef NAME(vector) vector;
  const long stride = patches->input_pixel, step = patches->output_pixel, run = patches->run;
  const int whole = columns == VECTORS * LANES;
  vector sum[MOST][VECTORS];
  if (patches->accumulate) {
#pragma clang loop unroll(full)
    for (long p = 0; p < count; p++) {
      if (whole) {
#pragma clang loop unroll(full)
        for (long v = 0; v < VECTORS; v++) sum[p][v] = *(const NAME(unaligned) *)(output + p * step + v * LANES);
      } else {
        SCALAR row[VECTORS * LANES] = {0};
        for (long o = 0; o < columns; o++) row[o] = output[p * step + o];
#pragma clang loop unroll(full)
        for (long v = 0; v < VECTORS; v++) sum[p][v] = *(const NAME(unaligned) *)(row + v * LANES);
      }
    }
  } else {
    SCALAR row[VECTORS * LANES] = {0};
    if (bias)
      for (long o = 0; o < columns; o++) row[o] = bias[o];
#pragma clang loop unroll(full)
    for (long v = 0; v < VECTORS; v++) {
      const vector first = *(const NAME(unaligned) *)(row + v * LANES);
#pragma clang loop unroll(full)
      for (long p = 0; p < count; p++) sum[p][v] = first;
    }
  }
  for (long s = 0; s < patches->segments; s++) {
    const SCALAR *entry = input + patches->offsets[s];
    for (long k = 0; k < run; k++) {
      vector weights[VECTORS];
#pragma clang loop unroll(full)
      for (long v = 0; v < VECTORS; v++) weights[v] = *(const NAME(unaligned) *)(panel + v * LANES);
#pragma clang loop unroll(full)
      for (long p = 0; p < count; p++) {
        // One entry in all lanes: x − 0 is x, and costs nothing.
        const vector value = entry[p * stride] - (vector){0};
#pragma clang loop unroll(full)
        for (long v = 0; v < VECTORS; v++) {
#pragma clang fp contract(fast)
          sum[p][v] = sum[p][v] + value * weights[v];
        }
      }
      panel += VECTORS * LANES;
      entry++;
    }
  }
  if (patches->rectify) {
#pragma clang loop unroll(full)
    for (long p = 0; p < count; p++)
#pragma clang loop unroll(full)
      for (long v = 0; v < VECTORS; v++) {
        const NAME(mask) negative = sum[p][v] <= 0;
        sum[p][v] = (vector)(~negative & (NAME(mask))sum[p][v]);
      }
  }
#pragma clang loop unroll(full)
  for (long p = 0; p < count; p++) {
    if (whole) {
#pragma clang loop unroll(full)
      for (long v = 0; v < VECTORS; v++) *(NAME(unaligned) *)(output + p * step + v * LANES) = sum[p][v];
    } else {
      SCALAR row[VECTORS * LANES];
#pragma clang loop unroll(full)
      for (long v = 0; v < VECTORS; v++) *(NAME(unaligned) *)(row + v * LANES) = sum[p][v];
      for (long o = 0; o < columns; o++) output[p * step + o] = row[o];
    }
  }
}

TARGET static void NAME(rows)(const TombolaPatches *patches, const SCALAR *input, const SCALAR *panel,
                              const SCALAR *bias, SCALAR *output, long columns) {
  const long blocks = (patches->pixels + MOST - 1) / MOST;
  for (long r = 0; r < patches->rows; r++) {
    const SCALAR *from = input + r * patches->input_row;
    SCALAR *to = output + r * patches->output_row;
    long left = patches->pixels;
    for (long b = 0; b < blocks; b++) {
      // Blocks of a row differ by one pixel at most.
      const long count = (left + blocks - b - 1) / (blocks - b);
      switch (count) {
#define CASE(n)                                                             \
  case n:                                                                   \
    if (n <= MOST) NAME(block)(n, patches, from, panel, bias, to, columns); \
    break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
      }
      from += count * patches->input_pixel;
      to += count * patches->output_pixel;
      left -= count;
    }
  }
}
#undef LANES
