#pragma STDC FP_CONTRACT OFF

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "tombola_inside.h"

static _Atomic(int) is_taken;
static _Atomic(void *) watched;
static void (*_Atomic cancel_run)(void *);
static struct sigaction before;

static void interrupted(int number, siginfo_t *information, void *context) {
  void *run = atomic_load(&watched);
  void (*cancel)(void *) = atomic_load(&cancel_run);
  if (run && cancel) cancel(run);
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, information, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  }
}

int32_t tombola_inside_watch(void *run, void (*cancel)(void *run)) {
  int expected = 0;
  if (!atomic_compare_exchange_strong(&is_taken, &expected, 1)) return 0;
  struct sigaction old;
  if (sigaction(SIGINT, NULL, &old) != 0 || (!(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_IGN)) {
    atomic_store(&is_taken, 0);
    return 0;
  }
  before = old;
  atomic_store(&cancel_run, cancel);
  atomic_store(&watched, run);
  struct sigaction action = {0};
  action.sa_sigaction = interrupted;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  return 1;
}

void tombola_inside_unwatch(void) {
  sigaction(SIGINT, &before, NULL);
  atomic_store(&watched, NULL);
  atomic_store(&is_taken, 0);
}
