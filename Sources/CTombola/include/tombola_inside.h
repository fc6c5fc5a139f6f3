/* What the C and the Swift half of the library say to each other; nobody else calls it. */
#ifndef TOMBOLA_INSIDE_H
#define TOMBOLA_INSIDE_H

#include <stdint.h>

/* Keeps the calling thread's last error. Texts are copied. */
void tombola_inside_set_error(const char *message, const char *kind, const char *where, const char *expected,
                              const char *found);

/* Until tombola_inside_unwatch, SIGINT calls `cancel` with `run`, in the signal's handler, and then
 * the handler that was there. Returns 0, and does nothing, where a run is watched already or SIGINT
 * is ignored. */
int32_t tombola_inside_watch(void *run, void (*cancel)(void *run));
void tombola_inside_unwatch(void);

#endif
