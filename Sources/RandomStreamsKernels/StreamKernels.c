// One body, compiled for each x86-64 level that gains from it, and the switch between them.
#include "InverseNormal.h"

#pragma STDC FP_CONTRACT OFF

// Turns the words of one chunk into entries of `kind`: the result is `words` itself or `buffer`.
RANDOM_STREAMS_INLINE void convert_chunk(const uint64_t *words, size_t count, enum random_streams_kind kind,
                                         double *buffer) {
  const size_t padded = whole_lanes(count);
  switch (kind) {
    case random_streams_word:
      break;
    case random_streams_uniform:
      // (word >> 11) 2^-53 = q + 1/2 - 2^-54. Both steps are exact: q - 2^-54 is a multiple of
      // 2^-53.
      for (size_t entry = 0; entry < padded; entry++) {
        buffer[entry] = (centered_of_word(words[entry]) - 0x1p-54) + 0.5;
      }
      break;
    case random_streams_symmetric:
      for (size_t entry = 0; entry < padded; entry++) buffer[entry] = 2.0 * centered_of_word(words[entry]);
      break;
    case random_streams_normal:
    case random_streams_normal_float:
      normals_of_words(words, count, buffer);
      break;
  }
}

// Copies entries of a converted chunk to `values` + `offset`, an array of the element type of
// `kind`.
RANDOM_STREAMS_INLINE void store_entries(const uint64_t *words, const double *buffer, size_t count,
                                         enum random_streams_kind kind, void *values, size_t offset) {
  switch (kind) {
    case random_streams_word:
      __builtin_memcpy((uint64_t *)values + offset, words, count * sizeof(uint64_t));
      break;
    case random_streams_normal_float: {
      float *destination = (float *)values + offset;
      for (size_t entry = 0; entry < count; entry++) destination[entry] = (float)buffer[entry];
      break;
    }
    default:
      __builtin_memcpy((double *)values + offset, buffer, count * sizeof(double));
      break;
  }
}

// The rows are laid end to end and cut into chunks, so that short rows share one; a chunk may begin
// and end within a row, and then at most one Philox block is made twice.
RANDOM_STREAMS_INLINE void fill(const struct random_streams_request *request, enum random_streams_kind kind,
                                bool wide, void *values) {
  _Alignas(64) uint64_t words[random_streams_chunk + random_streams_lanes];
  _Alignas(64) double buffer[random_streams_chunk];
  if (request->columns == 0) return;
  struct philox_stream stream = {request->seed, request->domain, request->filter, request->channel, request->layer};
  size_t row = 0, column = 0;
  while (row < request->rows) {
    size_t first_row = row, first_column = column, count = 0;
    while (row < request->rows && count < random_streams_chunk) {
      const size_t wanted = request->columns - column, room = random_streams_chunk - count;
      const size_t length = wanted < room ? wanted : room;
      if (request->filters) stream.filter = request->filters[row];
      philox_words(stream, request->start + column, length, wide, words + count);
      count += length;
      column += length;
      if (column == request->columns) {
        column = 0;
        row++;
      }
    }
    for (size_t lane = 0; lane < random_streams_lanes; lane++) words[count + lane] = 0;
    convert_chunk(words, count, kind, buffer);
    for (size_t stored = 0; stored < count; first_row++, first_column = 0) {
      const size_t wanted = request->columns - first_column, room = count - stored;
      const size_t length = wanted < room ? wanted : room;
      store_entries(words + stored, buffer + stored, length, kind, values,
                    first_row * request->leading_dimension + first_column);
      stored += length;
    }
  }
}

RANDOM_STREAMS_INLINE void convert(const uint64_t *words, size_t count, enum random_streams_kind kind, void *values) {
  _Alignas(64) uint64_t chunk[random_streams_chunk] = {0};
  _Alignas(64) double buffer[random_streams_chunk];
  for (size_t done = 0; done < count; done += random_streams_chunk) {
    const size_t left = count - done, length = left < random_streams_chunk ? left : random_streams_chunk;
    __builtin_memcpy(chunk, words + done, length * sizeof(uint64_t));
    convert_chunk(chunk, length, kind, buffer);
    store_entries(chunk, buffer, length, kind, values, done);
  }
}

#define RANDOM_STREAMS_VARIANT(name, wide, attributes)                                                          \
  attributes static void fill_##name(const struct random_streams_request *request,                          \
                                     enum random_streams_kind kind, void *values) {                         \
    fill(request, kind, wide, values);                                                                      \
  }                                                                                                         \
  attributes static void convert_##name(const uint64_t *words, size_t count, enum random_streams_kind kind, \
                                        void *values) {                                                     \
    convert(words, count, kind, values);                                                                    \
  }

RANDOM_STREAMS_VARIANT(portable, false, )
#if defined(__x86_64__)
RANDOM_STREAMS_VARIANT(x86_64_v3, true, __attribute__((target("arch=x86-64-v3"))))
RANDOM_STREAMS_VARIANT(x86_64_v4, true, __attribute__((target("arch=x86-64-v4"), __min_vector_width__(512))))
#endif

bool random_streams_supports(enum random_streams_variant variant) {
  switch (variant) {
    case random_streams_portable:
      return true;
#if defined(__x86_64__)
    case random_streams_x86_64_v3:
      return __builtin_cpu_supports("x86-64-v3");
    case random_streams_x86_64_v4:
      return __builtin_cpu_supports("x86-64-v4");
#endif
    default:
      return false;
  }
}

void random_streams_fill(const struct random_streams_request *request, enum random_streams_kind kind, void *values,
                         enum random_streams_variant variant) {
  switch (variant) {
#if defined(__x86_64__)
    case random_streams_x86_64_v3:
      return fill_x86_64_v3(request, kind, values);
    case random_streams_x86_64_v4:
      return fill_x86_64_v4(request, kind, values);
#endif
    default:
      return fill_portable(request, kind, values);
  }
}

void random_streams_convert(const uint64_t *words, size_t count, enum random_streams_kind kind, void *values,
                            enum random_streams_variant variant) {
  switch (variant) {
#if defined(__x86_64__)
    case random_streams_x86_64_v3:
      return convert_x86_64_v3(words, count, kind, values);
    case random_streams_x86_64_v4:
      return convert_x86_64_v4(words, count, kind, values);
#endif
    default:
      return convert_portable(words, count, kind, values);
  }
}
