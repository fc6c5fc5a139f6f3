// An OpenBLAS built with OpenMP takes its thread count from the OpenMP runtime, which holds one for
// each thread. The runtime is the one that OpenBLAS itself is linked to, found through it: others
// may be in the process.
#define _GNU_SOURCE
#include "MachineKernels.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#pragma STDC FP_CONTRACT OFF

extern int openblas_get_parallel(void) __attribute__((weak));

static int (*get_max_threads)(void);
static void (*set_num_threads)(int);
static pthread_once_t looked_up = PTHREAD_ONCE_INIT;
static _Thread_local int open_scopes;

static void look_up(void) {
  // openblas_get_parallel returns 2 for a build with OpenMP.
  if (!openblas_get_parallel || openblas_get_parallel() != 2) return;
  Dl_info found;
  // The address comes from the loader: that of a procedure table entry would name this library.
  void *symbol = dlsym(RTLD_DEFAULT, "openblas_get_parallel");
  if (!symbol) symbol = (void *)openblas_get_parallel;
  if (!dladdr(symbol, &found) || !found.dli_fname) return;
  void *library = dlopen(found.dli_fname, RTLD_NOLOAD | RTLD_LAZY);
  if (!library) return;
  // Looks in the library and in those it is linked to.
  void *get = dlsym(library, "omp_get_max_threads"), *set = dlsym(library, "omp_set_num_threads");
  if (!get || !set) return;
  get_max_threads = (int (*)(void))get;
  set_num_threads = (void (*)(int))set;
}

int machine_openmp_threads(void) {
  pthread_once(&looked_up, look_up);
  return set_num_threads ? get_max_threads() : 0;
}

int machine_openmp_enter(int count) {
  int before = machine_openmp_threads();
  if (before == 0) return 0;
  int wanted = open_scopes > 0 && before < count ? before : count;
  open_scopes += 1;
  if (wanted != before) set_num_threads(wanted);
  return before;
}

void machine_openmp_leave(int before) {
  if (before == 0) return;
  open_scopes -= 1;
  if (get_max_threads() != before) set_num_threads(before);
}
