/* The command `tombola` of a wheel: its code is in the library beside it. */
#pragma STDC FP_CONTRACT OFF
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "/lib/libTombolaC.so");
  if (length <= 0) return fprintf(stderr, "tombola: expected /proc/self/exe, found none\n"), 2;
  path[length] = 0;
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
  }
  strcat(path, "/lib/libTombolaC.so");
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void (*command)(void) = NULL;
  if (library) *(void **)&command = dlsym(library, "tombola_command");
  if (!command) return fprintf(stderr, "tombola: %s\n", dlerror()), 2;
  command();
  return 2;
}
