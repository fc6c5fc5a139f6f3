// The fast half of RandomStreams: fills of addressed streams, one compiled variant per x86-64
// level.
//
// Every variant writes the same bits as the Swift reference (`Philox4x64`, `InverseNormal`): each
// result is a fixed sequence of correctly rounded + - * / sqrt on its own lane, never contracted to
// a fused multiply-add, so vector width and processor cannot change it. The caller's rounding mode
// must be the default, round to nearest even.
//
// Nothing here checks its arguments: the Swift door does.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Which compilation of the kernels runs.
enum random_streams_variant {
  random_streams_portable = 0,   ///< the target's baseline (SSE2 on x86-64)
  random_streams_x86_64_v3 = 1,  ///< AVX2
  random_streams_x86_64_v4 = 2,  ///< AVX-512
};

/// What an entry of a stream becomes.
enum random_streams_kind {
  random_streams_word = 0,           ///< uint64_t: the raw Philox word
  random_streams_uniform = 1,        ///< double: U[0, 1), 53 bits
  random_streams_symmetric = 2,      ///< double: U(-1, 1), 53 bits, symmetric about 0, never 0
  random_streams_normal = 3,         ///< double: N(0, 1)
  random_streams_normal_float = 4,   ///< float: N(0, 1), the double rounded once
};

/// A matrix of entries: row r holds entries start ..< start + columns of the stream at key (seed,
/// domain), path (filters ? filters[r] : filter, channel, layer), from element r *
/// leading_dimension on.
struct random_streams_request {
  uint64_t seed, domain;
  uint64_t filter, channel, layer;
  const uint32_t *filters;  ///< one per row, or NULL: every row (there should be one) uses `filter`
  size_t rows, columns, leading_dimension;
  uint64_t start;
};

/// Whether this processor can run `variant`.
bool random_streams_supports(enum random_streams_variant variant);

/// Writes `request` into `values`, an array of the element type of `kind`. Allocates nothing; about
/// 14 kB of stack.
void random_streams_fill(const struct random_streams_request *request, enum random_streams_kind kind, void *values,
                         enum random_streams_variant variant);

/// values[k] = the entry that `words[k]` becomes, 0 <= k < count: the last step of
/// `random_streams_fill` alone.
void random_streams_convert(const uint64_t *words, size_t count, enum random_streams_kind kind, void *values,
                            enum random_streams_variant variant);
