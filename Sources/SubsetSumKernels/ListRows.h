// Kernels over lists of rows of NUMBERs, for Lists.c, which includes this once for each kind.

CLONES void NAMED(tombola_cell_keys)(const NUMBER *restrict rows, long count, long m, const tombola_cell_axis *axes,
                                     long axis_count, double sign, uint64_t *restrict keys) {
  for (long start = 0; start < count; start += BLOCK) {
    const long block = count - start < BLOCK ? count - start : BLOCK;
    uint64_t numbers[BLOCK];
    double column[BLOCK], outside[BLOCK];
    for (long k = 0; k < BLOCK; k++) numbers[k] = 0, column[k] = 0, outside[k] = 0;
    for (long a = 0; a < axis_count; a++) {
      const double factor = sign * axes[a].inverse, shift = axes[a].shift, cells = axes[a].cells;
      const uint64_t scale = (uint64_t)cells;
      const NUMBER *entries = rows + start * m + axes[a].coordinate;
      for (long k = 0; k < block; k++) column[k] = (double)entries[k * m];
      for (long k = 0; k < BLOCK; k++) {
        const double p = column[k] * factor + shift;
        const double q = p >= 0 ? p : 0, cell = q < cells ? q : 0;
        outside[k] = p >= 0 && p < cells ? outside[k] : 1;
        numbers[k] = numbers[k] * scale + (uint64_t)(int64_t)cell;
      }
    }
    for (long k = 0; k < block; k++) keys[start + k] = outside[k] == 0 ? numbers[k] : OUTSIDE;
  }
}

static inline __attribute__((always_inline)) void NAMED(add)(const NUMBER *restrict left, const NUMBER *restrict right, long m,
                                                             const tombola_pair *restrict pairs, long count,
                                                             NUMBER *restrict target) {
  for (long k = 0; k < count; k++) {
    if (k + AHEAD < count) {
      const NUMBER *next = right + pairs[k + AHEAD].right * m;
      for (long j = 0; j < m; j += 64 / (long)sizeof(NUMBER)) __builtin_prefetch(next + j);
      __builtin_prefetch(next + m - 1);
    }
    const NUMBER *a = left + pairs[k].left * m, *b = right + pairs[k].right * m;
    for (long j = 0; j < m; j++) target[k * m + j] = a[j] + b[j];
  }
}

// Loops of a known length are written out.
CLONES void NAMED(tombola_add_pairs)(const NUMBER *left, const NUMBER *right, long m, const tombola_pair *pairs,
                                     long count, NUMBER *target) {
  switch (m) {
  case 1: return NAMED(add)(left, right, 1, pairs, count, target);
  case 2: return NAMED(add)(left, right, 2, pairs, count, target);
  case 3: return NAMED(add)(left, right, 3, pairs, count, target);
  case 4: return NAMED(add)(left, right, 4, pairs, count, target);
  case 5: return NAMED(add)(left, right, 5, pairs, count, target);
  case 6: return NAMED(add)(left, right, 6, pairs, count, target);
  case 7: return NAMED(add)(left, right, 7, pairs, count, target);
  case 8: return NAMED(add)(left, right, 8, pairs, count, target);
  case 9: return NAMED(add)(left, right, 9, pairs, count, target);
  case 10: return NAMED(add)(left, right, 10, pairs, count, target);
  default: return NAMED(add)(left, right, m, pairs, count, target);
  }
}
