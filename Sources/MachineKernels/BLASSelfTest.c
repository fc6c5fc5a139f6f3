// A few products and factorisations whose results are known, to tell kernels that this CPU runs
// rightly from those that it does not. Integers make products exact in any order of summation;
// factorisations are judged by residuals.
#include "MachineKernels.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

extern void spotrf_(const char *, const int *, float *, const int *, int *, size_t);
extern void dpotrf_(const char *, const int *, double *, const int *, int *, size_t);
extern void dgetrf_(const int *, const int *, double *, const int *, int *, int *);
extern void dgetrs_(
    const char *, const int *, const int *, const double *, const int *, const int *, double *, const int *, int *,
    size_t);
extern void dsyevd_(
    const char *, const char *, const int *, double *, const int *, double *, double *, const int *, int *,
    const int *, int *, size_t, size_t);

/// The k-th of a fixed row of integers from -2 to 2.
static int small_integer(size_t k) { return (int)((k * 7919u + 13u) % 1009u % 5u) - 2; }

/// Edges that leave remainders in blocks of 4, 8, 16 and 32, and one longer than a block of the
/// inner dimension.
static const int shapes[][3] = {
    {1, 1, 1}, {3, 2, 5}, {7, 13, 4}, {16, 16, 16}, {33, 17, 65}, {70, 95, 129}, {24, 51, 400}};
enum { largest = 400 };

#define SCALAR float
#define NAMED(name) float32_##name
#define BLAS(name) cblas_s##name
#include "BLASSelfTestProducts.h"
#undef SCALAR
#undef NAMED
#undef BLAS
#define SCALAR double
#define NAMED(name) float64_##name
#define BLAS(name) cblas_d##name
#include "BLASSelfTestProducts.h"

enum { order = 67 };

/// Column-major symmetric entries: whole numbers, with `diagonal` added on the diagonal.
static double symmetric(int i, int j, double diagonal) {
  int low = i < j ? i : j, high = i < j ? j : i;
  return small_integer((size_t)(high * order + low)) + (i == j ? diagonal : 0);
}

/// 30 times order · ε · the largest sum of a row, as LAPACK's own tests judge.
static int is_close(double difference, double epsilon) {
  return fabs(difference) <= 30 * order * epsilon * 5 * order;
}

static const char *cholesky(double *a, float *single) {
  int n = order, info = 0;
  for (int i = 0; i < n * n; ++i) a[i] = symmetric(i % n, i / n, 3.0 * order);
  for (int i = 0; i < n * n; ++i) single[i] = (float)a[i];
  dpotrf_("L", &n, a, &n, &info, 1);
  if (info == 0) spotrf_("L", &n, single, &n, &info, 1);
  if (info != 0) return "the Cholesky factorisation";
  for (int j = 0; j < n; ++j) {
    for (int i = j; i < n; ++i) {
      double sum = 0, single_sum = 0, wanted = symmetric(i, j, 3.0 * order);
      for (int l = 0; l <= j; ++l) {
        sum += a[l * n + i] * a[l * n + j];
        single_sum += (double)single[l * n + i] * (double)single[l * n + j];
      }
      if (!is_close(sum - wanted, DBL_EPSILON) || !is_close(single_sum - wanted, FLT_EPSILON)) {
        return "the Cholesky factorisation";
      }
    }
  }
  return NULL;
}

static const char *linear_equations(double *a) {
  int n = order, one = 1, info = 0, pivots[order];
  double x[order];
  for (int i = 0; i < n * n; ++i) a[i] = small_integer((size_t)i * 3u + 5u) + (i / n == (i + 1) % n ? 9 : 0);
  for (int i = 0; i < n; ++i) {
    x[i] = 0;
    for (int j = 0; j < n; ++j) x[i] += a[j * n + i];
  }
  dgetrf_(&n, &n, a, &n, pivots, &info);
  if (info != 0) return "the solution of linear equations";
  dgetrs_("N", &n, &one, a, &n, pivots, x, &n, &info, 1);
  for (int i = 0; i < n; ++i)
    if (info != 0 || !(fabs(x[i] - 1) <= 1e-9)) return "the solution of linear equations";
  return NULL;
}

static const char *eigenvectors(double *a, double *work) {
  enum { count = 1 + 6 * order + 2 * order * order, integers = 3 + 5 * order };
  int n = order, info = 0, reals = count, wholes = integers, integer_work[integers];
  double values[order];
  for (int i = 0; i < n * n; ++i) a[i] = symmetric(i % n, i / n, 0);
  dsyevd_("V", "L", &n, a, &n, values, work, &reals, integer_work, &wholes, &info, 1, 1);
  if (info != 0) return "eigenvectors";
  for (int k = 0; k < n; k += 6)
    for (int i = 0; i < n; ++i) {
      double sum = 0;
      for (int j = 0; j < n; ++j) sum += symmetric(i, j, 0) * a[k * n + j];
      if (!is_close(sum - values[k] * a[k * n + i], DBL_EPSILON)) return "eigenvectors";
    }
  return NULL;
}

static const char *every_test(void *memory) {
  double *a = memory, *b = a + 20000, *c = b + 40000;
  const char *wrong = float32_products((float *)a, (float *)b, (float *)c);
  if (!wrong) wrong = float64_products(a, b, c);
  if (!wrong) wrong = cholesky(a, (float *)b);
  if (!wrong) wrong = linear_equations(a);
  if (!wrong) wrong = eigenvectors(a, b);
  return wrong;
}

const char *machine_blas_self_test(void) {
  double *memory = calloc(80000, sizeof(double));
  if (!memory) return "memory for the test";
  const char *wrong = machine_guarded(every_test, memory);
  free(memory);
  return wrong;
}

// Signals that a test of unknown kernels may end in.
static const int faults[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE};
enum { fault_count = sizeof faults / sizeof *faults };
static struct sigaction before[fault_count];
static sigjmp_buf way_out;
static pthread_t tester;
static pthread_mutex_t one_test = PTHREAD_MUTEX_INITIALIZER;

static void leave(int fault) {
  if (pthread_equal(pthread_self(), tester)) siglongjmp(way_out, fault);
  // A fault of another thread is not the test's. The earlier handler is put back, and the
  // instruction, which is run again, faults into that one.
  for (int i = 0; i < fault_count; ++i)
    if (faults[i] == fault) sigaction(fault, &before[i], NULL);
}

const char *machine_guarded(const char *(*test)(void *), void *context) {
  pthread_mutex_lock(&one_test);
  tester = pthread_self();
  const char *wrong = NULL;
  int fault = sigsetjmp(way_out, 1);
  if (fault == 0) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = leave;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < fault_count; ++i) sigaction(faults[i], &action, &before[i]);
    wrong = test(context);
  } else {
    wrong = fault == SIGILL ? "an instruction that the CPU does not have" : "a fault in memory or arithmetic";
  }
  for (int i = 0; i < fault_count; ++i) sigaction(faults[i], &before[i], NULL);
  pthread_mutex_unlock(&one_test);
  return wrong;
}
