// OpenBLAS chooses its kernels once, when it is loaded, from the CPU and OPENBLAS_CORETYPE. Builds
// for many CPUs (DYNAMIC_ARCH) export the two functions that do so; they are undocumented, hence
// weak here.
#include "MachineKernels.h"

#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

extern void gotoblas_dynamic_quit(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));

static const char variable[] = "OPENBLAS_CORETYPE";

int machine_blas_can_redispatch(void) { return gotoblas_dynamic_quit && gotoblas_dynamic_init; }

int machine_blas_redispatch(const char *core) {
  if (!machine_blas_can_redispatch()) return 0;
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
