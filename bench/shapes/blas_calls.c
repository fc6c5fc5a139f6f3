// Counts a program's calls of CBLAS and LAPACKE: preload it, and TOMBOLA_BLAS_CALLS names the file
// that gets a line for each routine and shape when the program ends.
//
//   routine  transA  transB  m  n  k  calls  seconds  operations
//
// Shapes are those of a row-major product C (m × n) += A (m × k) · B (k × n); of a matrix and a
// vector y (m) += A (m × n) · x, k = 1; of others as their case below says. Seconds are the
// calling threads', added up. A call inside LAPACK is part of LAPACK's call.
#define _GNU_SOURCE
#include <cblas.h>
#include <dlfcn.h>
#include <lapacke.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  const char *routine;
  char first, second;
  long m, n, k;
  unsigned long calls;
  double seconds, operations;
} Entry;

enum { ENTRIES = 1 << 16 };
static Entry entries[ENTRIES];
static int used;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void count(const char *routine, char first, char second, long m, long n, long k, double seconds,
                  double operations) {
  unsigned long hash = (unsigned long)routine * 31 + (unsigned char)first * 7 + (unsigned char)second;
  hash = ((hash * 1000003 + (unsigned long)m) * 1000003 + (unsigned long)n) * 1000003 + (unsigned long)k;
  while (atomic_flag_test_and_set(&busy)) {
  }
  // A table that is nearly full has all further shapes in one line, of size 0.
  if (used > ENTRIES / 2) m = n = k = 0;
  unsigned long place = (used > ENTRIES / 2 ? (unsigned long)routine : hash ^ (hash >> 29)) % ENTRIES;
  Entry *entry = &entries[place];
  while (entry->routine && !(entry->routine == routine && entry->first == first && entry->second == second &&
                             entry->m == m && entry->n == n && entry->k == k)) {
    place = (place + 1) % ENTRIES;
    entry = &entries[place];
  }
  if (!entry->routine) {
    *entry = (Entry){routine, first, second, m, n, k, 0, 0, 0};
    used++;
  }
  entry->calls++;
  entry->seconds += seconds;
  entry->operations += operations;
  atomic_flag_clear(&busy);
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("TOMBOLA_BLAS_CALLS");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  for (int i = 0; i < ENTRIES; i++) {
    const Entry *e = &entries[i];
    if (e->routine) {
      fprintf(file, "%s\t%c\t%c\t%ld\t%ld\t%ld\t%lu\t%.9f\t%.0f\n", e->routine, e->first, e->second, e->m, e->n, e->k,
              e->calls, e->seconds, e->operations);
    }
  }
  fclose(file);
}

static void *following(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) {
    fprintf(stderr, "blas_calls: no %s behind this library\n", name);
    abort();
  }
  return found;
}

// A wrapper: the routine's result type, name, parameters and arguments, and what a call counts as.
#define WRAPPED(result, name, parameters, arguments, first, second, m, n, k, operations)           \
  result name parameters {                                                                         \
    static result(*next) parameters;                                                               \
    if (!next) next = (result(*) parameters)following(#name);                                      \
    double start = now();                                                                          \
    CALL_##result(name, arguments, first, second, m, n, k, operations)                             \
  }
#define CALL_void(name, arguments, first, second, m, n, k, operations)                             \
  next arguments;                                                                                  \
  count(#name, first, second, m, n, k, now() - start, operations);
#define CALL_lapack_int(name, arguments, first, second, m, n, k, operations)                       \
  lapack_int status = next arguments;                                                              \
  count(#name, first, second, m, n, k, now() - start, operations);                                 \
  return status;

#define T(transposed) ((transposed) == CblasNoTrans ? 'N' : 'T')
#define O enum CBLAS_ORDER
#define X enum CBLAS_TRANSPOSE
#define U enum CBLAS_UPLO
#define N const blasint

#define BLAS(S, p)                                                                                 \
  WRAPPED(void, cblas_##p##gemm,                                                                   \
          (const O o, const X ta, const X tb, N m, N n, N k, const S alpha, const S *a, N lda,     \
           const S *b, N ldb, const S beta, S *c, N ldc),                                          \
          (o, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc), T(ta), T(tb), m, n, k,        \
          2.0 * m * n * k)                                                                         \
  WRAPPED(void, cblas_##p##gemv,                                                                   \
          (const O o, const X t, N m, N n, const S alpha, const S *a, N lda, const S *x, N ix,     \
           const S beta, S *y, N iy),                                                              \
          (o, t, m, n, alpha, a, lda, x, ix, beta, y, iy), T(t), '-', m, n, 1, 2.0 * m * n)        \
  WRAPPED(void, cblas_##p##syrk,                                                                   \
          (const O o, const U u, const X t, N n, N k, const S alpha, const S *a, N lda,            \
           const S beta, S *c, N ldc),                                                             \
          (o, u, t, n, k, alpha, a, lda, beta, c, ldc), T(t), '-', n, n, k, 1.0 * n * n * k)       \
  WRAPPED(void, cblas_##p##trsm,                                                                   \
          (const O o, const enum CBLAS_SIDE s, const U u, const X t, const enum CBLAS_DIAG d, N m, \
           N n, const S alpha, const S *a, N lda, S *b, N ldb),                                    \
          (o, s, u, t, d, m, n, alpha, a, lda, b, ldb), T(t), s == CblasLeft ? 'L' : 'R', m, n,    \
          s == CblasLeft ? m : n, 1.0 * m * n * (s == CblasLeft ? m : n))

BLAS(float, s)
BLAS(double, d)

// LAPACK's, by the leading terms of LAPACK Working Note 41; of eigenvalues, singular values and
// least squares by singular values those of the reduction alone.
#define L lapack_int
#define LAPACK(S, p)                                                                               \
  WRAPPED(lapack_int, LAPACKE_##p##potrf_work, (int o, char u, L n, S *a, L lda),                  \
          (o, u, n, a, lda), '-', '-', n, n, n, 1.0 / 3 * n * n * n)                               \
  WRAPPED(lapack_int, LAPACKE_##p##potrs_work,                                                     \
          (int o, char u, L n, L r, const S *a, L lda, S *b, L ldb), (o, u, n, r, a, lda, b, ldb), \
          '-', '-', n, r, n, 2.0 * n * n * r)                                                      \
  WRAPPED(lapack_int, LAPACKE_##p##getrf_work, (int o, L m, L n, S *a, L lda, L *pivots),          \
          (o, m, n, a, lda, pivots), '-', '-', m, n, n, 2.0 / 3 * n * n * n)                       \
  WRAPPED(lapack_int, LAPACKE_##p##getrs_work,                                                     \
          (int o, char t, L n, L r, const S *a, L lda, const L *pivots, S *b, L ldb),              \
          (o, t, n, r, a, lda, pivots, b, ldb), '-', '-', n, r, n, 2.0 * n * n * r)                \
  WRAPPED(lapack_int, LAPACKE_##p##geqrf_work,                                                     \
          (int o, L m, L n, S *a, L lda, S *tau, S *work, L lwork),                                \
          (o, m, n, a, lda, tau, work, lwork), '-', '-', m, n, n,                                  \
          lwork < 0 ? 0 : 2.0 * m * n * n - 2.0 / 3 * n * n * n)                                   \
  WRAPPED(lapack_int, LAPACKE_##p##ormqr_work,                                                     \
          (int o, char s, char t, L m, L n, L k, const S *a, L lda, const S *tau, S *c, L ldc,     \
           S *work, L lwork),                                                                      \
          (o, s, t, m, n, k, a, lda, tau, c, ldc, work, lwork), '-', '-', m, n, k,                 \
          lwork < 0 ? 0 : 4.0 * m * n * k - 2.0 * n * k * k)                                       \
  WRAPPED(lapack_int, LAPACKE_##p##gelsd_work,                                                     \
          (int o, L m, L n, L r, S *a, L lda, S *b, L ldb, S *s, S rcond, L *rank, S *work,        \
           L lwork, L *iwork),                                                                     \
          (o, m, n, r, a, lda, b, ldb, s, rcond, rank, work, lwork, iwork), '-', '-', m, n, n,     \
          lwork < 0 ? 0 : 4.0 * m * n * n - 4.0 / 3 * n * n * n)                                   \
  WRAPPED(lapack_int, LAPACKE_##p##gesdd_work,                                                     \
          (int o, char j, L m, L n, S *a, L lda, S *s, S *u, L ldu, S *vt, L ldvt, S *work,        \
           L lwork, L *iwork),                                                                     \
          (o, j, m, n, a, lda, s, u, ldu, vt, ldvt, work, lwork, iwork), '-', '-', m, n, n,        \
          lwork < 0 ? 0 : 4.0 * m * n * n - 4.0 / 3 * n * n * n)                                   \
  WRAPPED(lapack_int, LAPACKE_##p##syevd_work,                                                     \
          (int o, char j, char u, L n, S *a, L lda, S *w, S *work, L lwork, L *iwork, L liwork),   \
          (o, j, u, n, a, lda, w, work, lwork, iwork, liwork), '-', '-', n, n, n,                  \
          lwork < 0 ? 0 : 4.0 / 3 * n * n * n)

LAPACK(float, s)
LAPACK(double, d)
