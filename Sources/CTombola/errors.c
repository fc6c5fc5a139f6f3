#pragma STDC FP_CONTRACT OFF

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tombola.h"
#include "tombola_inside.h"

enum { MESSAGE, KIND, WHERE, EXPECTED, FOUND, TEXTS };

/* A thread's last error; its texts go when the thread ends. */
typedef struct {
  char *texts[TEXTS];
} Error;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void release(void *memory) {
  Error *error = memory;
  for (int i = 0; i < TEXTS; i++) free(error->texts[i]);
  free(error);
}

static void make_key(void) { pthread_key_create(&key, release); }

static Error *mine(void) {
  pthread_once(&once, make_key);
  Error *error = pthread_getspecific(key);
  if (!error && (error = calloc(1, sizeof *error))) pthread_setspecific(key, error);
  return error;
}

static const char *text(int which) {
  Error *error = mine();
  return error && error->texts[which] ? error->texts[which] : "";
}

void tombola_inside_set_error(const char *message, const char *kind, const char *where, const char *expected,
                              const char *found) {
  Error *error = mine();
  if (!error) return;
  const char *given[TEXTS] = {message, kind, where, expected, found};
  for (int i = 0; i < TEXTS; i++) {
    free(error->texts[i]);
    error->texts[i] = *given[i] ? strdup(given[i]) : NULL;
  }
}

const char *tombola_error_message(void) { return text(MESSAGE); }
const char *tombola_error_kind(void) { return text(KIND); }
const char *tombola_error_where(void) { return text(WHERE); }
const char *tombola_error_expected(void) { return text(EXPECTED); }
const char *tombola_error_found(void) { return text(FOUND); }

void tombola_free(void *memory) { free(memory); }
