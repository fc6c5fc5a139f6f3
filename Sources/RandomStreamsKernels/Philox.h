// Philox4x64-10: the words of a stream. J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC11, 2011.
#pragma once

#include "RandomStreamsKernels.h"

#define RANDOM_STREAMS_INLINE static inline __attribute__((always_inline))

#define PHILOX_MULTIPLIER_0 0xD2E7470EE14C6C93u
#define PHILOX_MULTIPLIER_1 0xCA5A826395121157u
#define PHILOX_KEY_STEP_0 0x9E3779B97F4A7C15u
#define PHILOX_KEY_STEP_1 0xBB67AE8584CAA73Bu

// A stream in hand: the key and the upper three words of the counter.
struct philox_stream {
  uint64_t seed, domain;
  uint64_t filter, channel, layer;
};

// The four words of block `block`: counter (1 + block, filter, channel, layer), by scalar 64 x 64
// -> 128 products.
RANDOM_STREAMS_INLINE void philox_block(struct philox_stream stream, uint64_t block, uint64_t words[4]) {
  uint64_t x0 = block + 1, x1 = stream.filter, x2 = stream.channel, x3 = stream.layer;
  uint64_t key0 = stream.seed, key1 = stream.domain;
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
    const unsigned __int128 product0 = (unsigned __int128)PHILOX_MULTIPLIER_0 * x0;
    const unsigned __int128 product1 = (unsigned __int128)PHILOX_MULTIPLIER_1 * x2;
    x0 = (uint64_t)(product1 >> 64) ^ x1 ^ key0;
    x2 = (uint64_t)(product0 >> 64) ^ x3 ^ key1;
    x1 = (uint64_t)product1;
    x3 = (uint64_t)product0;
    key0 += PHILOX_KEY_STEP_0;
    key1 += PHILOX_KEY_STEP_1;
  }
  words[0] = x0;
  words[1] = x1;
  words[2] = x2;
  words[3] = x3;
}

// Eight blocks side by side, one a lane.
typedef uint64_t philox_lanes __attribute__((vector_size(64)));

// Everything here is inlined into a variant, so no vector is ever passed and the calling convention
// does not matter.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

// upper 2^64 + lower = multiplier x in every lane, from four products of 32-bit halves, the widest
// a vector unit has.
RANDOM_STREAMS_INLINE void multiply_lanes(philox_lanes x, uint64_t multiplier, philox_lanes *upper,
                                          philox_lanes *lower) {
  const uint64_t half = 0xFFFFFFFFu;
  const philox_lanes low = x & half, high = x >> 32;
  const philox_lanes low_low = low * (multiplier & half), low_high = low * (multiplier >> 32);
  const philox_lanes high_low = high * (multiplier & half), high_high = high * (multiplier >> 32);
  // Neither sum overflows: (2^32 - 1)^2 + (2^32 - 1) < 2^64.
  const philox_lanes first = (low_low >> 32) + high_low;
  const philox_lanes second = (first & half) + low_high;
  *upper = high_high + (first >> 32) + (second >> 32);
  *lower = (second << 32) | (low_low & half);
}

// The 32 words of blocks `block` ..< `block` + 8, in order: worth it where a vector has four lanes
// or more.
RANDOM_STREAMS_INLINE void philox_eight_blocks(struct philox_stream stream, uint64_t block, uint64_t words[32]) {
  const philox_lanes zero = {0};
  philox_lanes x0 = (philox_lanes){1, 2, 3, 4, 5, 6, 7, 8} + block;
  philox_lanes x1 = zero + stream.filter, x2 = zero + stream.channel, x3 = zero + stream.layer;
  uint64_t key0 = stream.seed, key1 = stream.domain;
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
    philox_lanes upper0, lower0, upper1, lower1;
    multiply_lanes(x0, PHILOX_MULTIPLIER_0, &upper0, &lower0);
    multiply_lanes(x2, PHILOX_MULTIPLIER_1, &upper1, &lower1);
    x0 = upper1 ^ x1 ^ key0;
    x2 = upper0 ^ x3 ^ key1;
    x1 = lower1;
    x3 = lower0;
    key0 += PHILOX_KEY_STEP_0;
    key1 += PHILOX_KEY_STEP_1;
  }
  // Transpose: pairs of words of the even and the odd blocks, then whole blocks, then blocks in
  // order.
  const philox_lanes even01 = __builtin_shufflevector(x0, x1, 0, 8, 2, 10, 4, 12, 6, 14);
  const philox_lanes odd01 = __builtin_shufflevector(x0, x1, 1, 9, 3, 11, 5, 13, 7, 15);
  const philox_lanes even23 = __builtin_shufflevector(x2, x3, 0, 8, 2, 10, 4, 12, 6, 14);
  const philox_lanes odd23 = __builtin_shufflevector(x2, x3, 1, 9, 3, 11, 5, 13, 7, 15);
  const philox_lanes blocks02 = __builtin_shufflevector(even01, even23, 0, 1, 8, 9, 2, 3, 10, 11);
  const philox_lanes blocks13 = __builtin_shufflevector(odd01, odd23, 0, 1, 8, 9, 2, 3, 10, 11);
  const philox_lanes blocks46 = __builtin_shufflevector(even01, even23, 4, 5, 12, 13, 6, 7, 14, 15);
  const philox_lanes blocks57 = __builtin_shufflevector(odd01, odd23, 4, 5, 12, 13, 6, 7, 14, 15);
  const philox_lanes ordered[4] = {
      __builtin_shufflevector(blocks02, blocks13, 0, 1, 2, 3, 8, 9, 10, 11),
      __builtin_shufflevector(blocks02, blocks13, 4, 5, 6, 7, 12, 13, 14, 15),
      __builtin_shufflevector(blocks46, blocks57, 0, 1, 2, 3, 8, 9, 10, 11),
      __builtin_shufflevector(blocks46, blocks57, 4, 5, 6, 7, 12, 13, 14, 15),
  };
  __builtin_memcpy(words, ordered, sizeof ordered);
}

#pragma clang diagnostic pop

// words[k] = word (start + k) of the stream, 0 <= k < count. Writes up to three words past `count`.
// `wide`: the vector unit has at least four 64-bit lanes.
RANDOM_STREAMS_INLINE void philox_words(struct philox_stream stream, uint64_t start, size_t count, bool wide,
                                        uint64_t *words) {
  uint64_t block = start / 4;
  size_t position = 0;
  if (start % 4 != 0) {
    uint64_t whole[4];
    philox_block(stream, block++, whole);
    for (size_t word = start % 4; word < 4; word++) words[position++] = whole[word];
  }
  if (wide) {
    for (; position + 32 <= count; position += 32, block += 8) philox_eight_blocks(stream, block, words + position);
  }
  for (; position < count; position += 4) philox_block(stream, block++, words + position);
}
