#include "Clones.h"
#include "SubsetSumKernels.h"
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

typedef double Lanes __attribute__((vector_size(64), aligned(8)));
typedef float Singles __attribute__((vector_size(32), aligned(4)));

#define COMBINED(l) (((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7])))
#define LOAD(p) (*(const Lanes *)(p))
#define WIDEN(p) __builtin_convertvector(*(const Singles *)(p), Lanes)

CLONES double tombola_dot_f64(const double *x, const double *y, long count) {
  Lanes lanes = {0};
  long j = 0;
  for (; j + 8 <= count; j += 8) lanes += LOAD(x + j) * LOAD(y + j);
  double sum = COMBINED(lanes);
  for (; j < count; j++) sum += x[j] * y[j];
  return sum;
}

CLONES double tombola_dot_f32(const float *x, const double *y, long count) {
  Lanes lanes = {0};
  long j = 0;
  for (; j + 8 <= count; j += 8) lanes += WIDEN(x + j) * LOAD(y + j);
  double sum = COMBINED(lanes);
  for (; j < count; j++) sum += (double)x[j] * y[j];
  return sum;
}

CLONES double tombola_squared_distance_f64(const double *x, const double *y, long count) {
  Lanes lanes = {0};
  long j = 0;
  for (; j + 8 <= count; j += 8) {
    const Lanes difference = LOAD(y + j) - LOAD(x + j);
    lanes += difference * difference;
  }
  double sum = COMBINED(lanes);
  for (; j < count; j++) {
    const double difference = y[j] - x[j];
    sum += difference * difference;
  }
  return sum;
}

CLONES double tombola_squared_distance_f32(const float *x, double scale, const double *y, long count) {
  Lanes lanes = {0};
  long j = 0;
  for (; j + 8 <= count; j += 8) {
    const Lanes difference = LOAD(y + j) - scale * WIDEN(x + j);
    lanes += difference * difference;
  }
  double sum = COMBINED(lanes);
  for (; j < count; j++) {
    const double difference = y[j] - scale * (double)x[j];
    sum += difference * difference;
  }
  return sum;
}

CLONES void tombola_difference_f64(const double *y, const double *x, double *target, long count) {
  for (long j = 0; j < count; j++) target[j] = y[j] - x[j];
}

CLONES void tombola_difference_f32(const double *y, const float *x, double scale, double *target, long count) {
  for (long j = 0; j < count; j++) target[j] = y[j] - scale * (double)x[j];
}

// Magnitudes have the order of their bits, in which NaN comes last.
CLONES double tombola_largest_f64(const double *values, long count) {
  uint64_t largest = 0;
  for (long j = 0; j < count; j++) {
    uint64_t bits;
    memcpy(&bits, values + j, 8);
    bits &= 0x7fffffffffffffff;
    largest = bits > largest ? bits : largest;
  }
  double value;
  memcpy(&value, &largest, 8);
  return value == value ? value : INFINITY;
}
