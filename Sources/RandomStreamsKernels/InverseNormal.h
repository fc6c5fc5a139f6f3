// Words to normals: the inverse normal distribution function by M. J. Wichura's rationals PPND16
// ("Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37,
// 1988, 477-484). The Swift file InverseNormal.swift states the formulas; each line here has one
// there, in the same order.
#pragma once

#include "Philox.h"

#pragma STDC FP_CONTRACT OFF
// Unoptimised and sanitised builds do not vectorise the loops that ask for it; they need not say
// so.
#pragma clang diagnostic ignored "-Wpass-failed"

enum {
  // Entries made at a time. The buffers of one chunk stay in the first-level cache.
  random_streams_chunk = 256,
  // Loops run to a multiple of this many lanes and are vectorised that wide, with no scalar
  // remainder (one 512-bit or several shorter operations a step, which also hides latency). No
  // result depends on it.
  random_streams_lanes = 8,
};

RANDOM_STREAMS_INLINE double double_of_bits(uint64_t bits) { return __builtin_bit_cast(double, bits); }
RANDOM_STREAMS_INLINE uint64_t bits_of_double(double value) { return __builtin_bit_cast(uint64_t, value); }
RANDOM_STREAMS_INLINE size_t whole_lanes(size_t count) {
  return (count + random_streams_lanes - 1) / random_streams_lanes * random_streams_lanes;
}

// q = (2 (word >> 11) + 1 - 2^53) 2^-54, exactly. The upper 32 and the next 21 bits of the word
// enter as mantissas of 2^20 + ... and 1/4 + ..., whose offsets the constant 2^20 + 3/4 removes
// together with the half: every step is exact.
RANDOM_STREAMS_INLINE double centered_of_word(uint64_t word) {
  const double upper = double_of_bits(0x4130000000000000u | (word >> 32)) - 1048576.75;
  const double lower = double_of_bits(0x3FD0000000000001u | ((word >> 10) & 0x3FFFFE));
  return upper + lower;
}

// c[0] + c[1] x + ... + c[7] x^7 by Horner's rule.
RANDOM_STREAMS_INLINE double polynomial(const double c[8], double x) {
  return ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
}

static const double central_numerator[8] = {
    3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
    45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727};
static const double central_denominator[8] = {
    1.0,                   42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
    21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610};
static const double middle_numerator[8] = {
    1.42343711074968357734, 4.63033784615654529590,   5.76949722146069140550,   3.64784832476320460504,
    1.27045825245236838258, 0.241780725177450611770,  0.0227238449892691845833, 7.74545014278341407640e-4};
static const double middle_denominator[8] = {
    1.0,                     2.05319162663775882187,   1.67638483018380384940,  0.689767334985100004550,
    0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
static const double far_numerator[8] = {
    6.65790464350110377720,    5.46378491116411436990,   1.78482653991729133580,   0.296560571828504891230,
    0.0265321895265761230930,  1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double far_denominator[8] = {
    1.0,                       0.599832206555887937690,  0.136929880922735805310,  0.0148753612908506148525,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};

// The quantile at q + 1/2 for |q| <= 0.425.
RANDOM_STREAMS_INLINE double central_quantile(double q) {
  const double r = 0.180625 - q * q;
  return q * polynomial(central_numerator, r) / polynomial(central_denominator, r);
}

// -log(p) for 2^-54 <= p <= 1/2, to about 1 unit in the last place: p = m 2^-k with m in
// [sqrt(1/2), sqrt(2)), log(m) = 2 atanh(s), s = (m - 1) / (m + 1), by the series of atanh up to
// s^19 (the rest is below 1e-17).
RANDOM_STREAMS_INLINE double negative_logarithm(double p) {
  const uint64_t bits = bits_of_double(p);
  const uint64_t biased = (bits - 0x3FE6A09E667F3BCDu + 0x3FF0000000000000u) >> 52;  // 1023 - k
  const double m = double_of_bits(bits - (biased << 52) + 0x3FF0000000000000u);
  const double k = (4503599627370496.0 + 1023.0) - double_of_bits(0x4330000000000000u | biased);
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double series = 1.0 / 19.0;
  series = series * z + 1.0 / 17.0;
  series = series * z + 1.0 / 15.0;
  series = series * z + 1.0 / 13.0;
  series = series * z + 1.0 / 11.0;
  series = series * z + 1.0 / 9.0;
  series = series * z + 1.0 / 7.0;
  series = series * z + 1.0 / 5.0;
  series = series * z + 1.0 / 3.0;
  const double twice = s + s;
  const double logarithm = twice + twice * (z * series);
  // log 2 in two parts; the upper has 32 bits, so its product with k is exact.
  return k * 0x1.62e42feep-1 + (k * 0x1.a39ef35793c76p-33 - logarithm);
}

// sqrt(-log(1/2 - |q|)), the variable of both tail rationals.
RANDOM_STREAMS_INLINE double tail_depth(double q) {
  return __builtin_elementwise_sqrt(negative_logarithm(0.5 - __builtin_fabs(q)));
}

// `magnitude` with the sign of q.
RANDOM_STREAMS_INLINE double with_sign_of(double magnitude, double q) { return __builtin_copysign(magnitude, q); }

// The quantile for depth <= 5, that is 1/2 - |q| >= e^-25.
RANDOM_STREAMS_INLINE double middle_quantile(double depth, double q) {
  const double r = depth - 1.6;
  return with_sign_of(polynomial(middle_numerator, r) / polynomial(middle_denominator, r), q);
}

// The quantile for depth > 5: three entries in 10^11.
RANDOM_STREAMS_INLINE double far_quantile(double depth, double q) {
  const double r = depth - 5.0;
  return with_sign_of(polynomial(far_numerator, r) / polynomial(far_denominator, r), q);
}

// normals[k] = the normal of words[k], 0 <= k < count <= chunk. All buffers hold whole lanes. Three
// passes: the central formula for every entry; the 15 % of entries outside its range packed
// together; their normals computed densely and put back.
RANDOM_STREAMS_INLINE void normals_of_words(const uint64_t *words, size_t count, double *normals) {
  _Alignas(64) double centered[random_streams_chunk];
  const size_t padded = whole_lanes(count);
#pragma clang loop vectorize_width(8) interleave_count(1)
  for (size_t entry = 0; entry < padded; entry++) {
    const double q = centered_of_word(words[entry]);
    centered[entry] = q;
    normals[entry] = central_quantile(q);
  }

  _Alignas(64) double tail_centered[random_streams_chunk + random_streams_lanes];
  _Alignas(64) double tail_depths[random_streams_chunk + random_streams_lanes];
  _Alignas(64) double tail_normals[random_streams_chunk + random_streams_lanes];
  uint32_t tail_entries[random_streams_chunk + 1];
  size_t tails = 0;
  for (size_t entry = 0; entry < count; entry++) {
    tail_entries[tails] = (uint32_t)entry;
    tail_centered[tails] = centered[entry];
    tails += __builtin_fabs(centered[entry]) > 0.425;
  }
  for (size_t lane = 0; lane < random_streams_lanes; lane++) tail_centered[tails + lane] = 0.4375;

  const size_t padded_tails = whole_lanes(tails);
  uint64_t far = 0;
#pragma clang loop vectorize_width(8) interleave_count(1)
  for (size_t tail = 0; tail < padded_tails; tail++) {
    const double depth = tail_depth(tail_centered[tail]);
    tail_depths[tail] = depth;
    tail_normals[tail] = middle_quantile(depth, tail_centered[tail]);
    far |= depth > 5.0;
  }
  if (__builtin_expect(far != 0, 0)) {
    for (size_t tail = 0; tail < tails; tail++) {
      if (tail_depths[tail] > 5.0) tail_normals[tail] = far_quantile(tail_depths[tail], tail_centered[tail]);
    }
  }
  for (size_t tail = 0; tail < tails; tail++) normals[tail_entries[tail]] = tail_normals[tail];
}
