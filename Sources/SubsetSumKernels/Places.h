#pragma once

#include <stdint.h>
#include <string.h>

// Writes the indices from `first` on whose flags are set behind the `met` that are there, and
// returns how many there are then. Few of the `count` flags, a multiple of eight, are set, so eight
// are looked at together.
static inline __attribute__((always_inline)) long note(const unsigned char *flags, long count, long first, long met,
                                                       int *places) {
  for (long c = 0; c < count; c += 8) {
    uint64_t word;
    memcpy(&word, flags + c, 8);
    if (!word) continue;
    for (long d = c; d < c + 8; d++) {
      places[met] = (int)(first + d);
      met += flags[d];
    }
  }
  return met;
}
