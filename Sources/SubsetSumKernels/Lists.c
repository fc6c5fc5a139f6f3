#include "Clones.h"
#include "SubsetSumKernels.h"

#pragma STDC FP_CONTRACT OFF

#define BLOCK 256
// Lookups under way at a time: what each needs comes from memory while others are begun.
#define GROUP 32
// Pairs between asking for a row and adding it.
#define AHEAD 24
#define OUTSIDE UINT64_MAX

#define NUMBER float
#define NAMED(name) name##_f32
#include "ListRows.h"
#undef NUMBER
#undef NAMED
#define NUMBER double
#define NAMED(name) name##_f64
#include "ListRows.h"

static inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

void tombola_count_cells(const uint64_t *keys, long count, long shift, long first, long end, uint32_t *counts) {
  for (long start = 0; start < count; start += GROUP) {
    const long group = count - start < GROUP ? count - start : GROUP;
    long buckets[GROUP];
    for (long g = 0; g < group; g++) {
      const long bucket = (long)(mix(keys[start + g]) >> shift);
      buckets[g] = keys[start + g] == OUTSIDE || bucket < first || bucket >= end ? -1 : bucket;
      __builtin_prefetch(counts + (buckets[g] < 0 ? first : bucket), 1);
    }
    for (long g = 0; g < group; g++)
      if (buckets[g] >= 0) counts[buckets[g]]++;
  }
}

void tombola_place_cells(const uint64_t *keys, long count, long shift, long first, long end, uint32_t *places,
                         long number, tombola_cell_entry *entries) {
  for (long start = 0; start < count; start += GROUP) {
    const long group = count - start < GROUP ? count - start : GROUP;
    uint64_t hashes[GROUP];
    long buckets[GROUP];
    for (long g = 0; g < group; g++) {
      hashes[g] = mix(keys[start + g]);
      const long bucket = (long)(hashes[g] >> shift);
      buckets[g] = keys[start + g] == OUTSIDE || bucket < first || bucket >= end ? -1 : bucket;
      __builtin_prefetch(places + (buckets[g] < 0 ? first : bucket), 1);
    }
    for (long g = 0; g < group; g++)
      if (buckets[g] >= 0) __builtin_prefetch(entries + places[buckets[g]], 1);
    for (long g = 0; g < group; g++)
      if (buckets[g] >= 0)
        entries[places[buckets[g]]++] = (tombola_cell_entry){(uint32_t)hashes[g], (uint32_t)(number + start + g)};
  }
}

long tombola_look_up(const uint64_t *keys, tombola_lookup_place *place, long end, const uint32_t *starts,
                     const tombola_cell_entry *entries, long shift, tombola_pair *pairs, long room) {
  long met = 0;
  for (long first = place->key; first < end; first += GROUP) {
    const long group = end - first < GROUP ? end - first : GROUP;
    uint64_t hashes[GROUP];
    uint32_t low[GROUP], high[GROUP];
    for (long g = 0; g < group; g++) {
      hashes[g] = mix(keys[first + g]);
      __builtin_prefetch(starts + (hashes[g] >> shift));
    }
    for (long g = 0; g < group; g++) {
      const uint64_t bucket = hashes[g] >> shift;
      low[g] = starts[bucket];
      high[g] = keys[first + g] == OUTSIDE ? low[g] : starts[bucket + 1];
      __builtin_prefetch(entries + low[g]);
    }
    for (long g = 0; g < group; g++) {
      uint32_t k = low[g];
      if (first + g == place->key) k += place->skipped;
      for (; k < high[g]; k++) {
        if (met == room) {
          *place = (tombola_lookup_place){first + g, k - low[g]};
          return met;
        }
        pairs[met] = (tombola_pair){(uint32_t)(first + g), entries[k].sum};
        met += entries[k].tag == (uint32_t)hashes[g];
      }
    }
  }
  *place = (tombola_lookup_place){end, 0};
  return met;
}
