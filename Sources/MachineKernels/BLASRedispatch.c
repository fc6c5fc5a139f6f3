// OpenBLAS chooses its kernels once, when it is loaded, from the CPU and OPENBLAS_CORETYPE. Builds
// for many CPUs (DYNAMIC_ARCH) export the two functions that do so; they are undocumented, hence
// weak here.
#include "MachineKernels.h"

#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

extern void gotoblas_dynamic_quit(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void *blas_memory_alloc(int) __attribute__((weak));
extern void blas_memory_free(void *) __attribute__((weak));

static const char variable[] = "OPENBLAS_CORETYPE";

int machine_blas_can_redispatch(void) { return gotoblas_dynamic_quit && gotoblas_dynamic_init; }

// Whoever takes OpenBLAS's memory first sees to it that kernels are chosen, and chooses them where
// it finds none. OpenBLAS's own threads do so when they start, which on a busy machine may be while
// another thread is between quitting and choosing: the thread that is late then calls what is no
// longer there. After the first taking, which a lock guards, nobody looks any more.
static void take_memory_first(void) {
  if (!blas_memory_alloc || !blas_memory_free) return;
  void *buffer = blas_memory_alloc(0);
  if (buffer) blas_memory_free(buffer);
}

int machine_blas_redispatch(const char *core) {
  if (!machine_blas_can_redispatch()) return 0;
  take_memory_first();
  const char *value = getenv(variable);
  char *before = value ? strdup(value) : NULL;
  if (value && !before) return 0;
  if ((core ? setenv(variable, core, 1) : unsetenv(variable)) != 0) {
    free(before);
    return 0;
  }
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  int restored = before ? setenv(variable, before, 1) : unsetenv(variable);
  free(before);
  return restored == 0;
}
