#pragma once
// Complex scalars as plain structs: Swift imports no C `_Complex`.
typedef struct { float real, imaginary; } cblas_complex_float;
typedef struct { double real, imaginary; } cblas_complex_double;
#define LAPACK_COMPLEX_CUSTOM
#define lapack_complex_float cblas_complex_float
#define lapack_complex_double cblas_complex_double
#include <cblas.h>
#include <lapacke.h>
