/* Solves a random subset sum, then draws a ticket for a model and verifies it. Compiled and run by
 * the tests: cc -std=c11 ticket.c -ltombola… is in docs/c.md. Usage: ticket MODEL.onnx */
#pragma STDC FP_CONTRACT OFF
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tombola.h"

static int failed(const char *what) {
  fprintf(stderr, "%s: %s\n", what, tombola_error_message());
  return 1;
}

/* A row-major array of floats or doubles. */
static tombola_array dense(const void *data, int32_t type, int32_t rank, int64_t rows, int64_t columns) {
  int64_t size = type == TOMBOLA_FLOAT32 ? 4 : 8;
  tombola_array array = {data, type, rank, {rows, columns}, {columns * size, size}};
  if (rank == 1) array.strides[0] = size;
  return array;
}

static int32_t count_reports(const tombola_progress *progress, void *context) {
  (void)progress;
  *(int *)context += 1;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  printf("tombola %s, interface %d\n", tombola_version(), tombola_abi_version());

  enum { M = 4, N = 60 };
  float scales[N], vectors[N * M];
  double target[M];
  if (tombola_make_instance(M, N, 1, scales, vectors, target)) return failed("instance");
  tombola_problem problem = {0};
  problem.candidates = dense(vectors, TOMBOLA_FLOAT32, 2, N, M);
  problem.scales = dense(scales, TOMBOLA_FLOAT32, 1, N, 1);
  problem.target = dense(target, TOMBOLA_FLOAT64, 1, M, 1);
  int64_t subset[N];
  tombola_solution solution;
  tombola_run run = {0};
  run.work_limit = 3000000;
  tombola_status status = tombola_solve(&problem, "beam", &run, subset, &solution);
  if (status != TOMBOLA_DONE && status != TOMBOLA_STOPPED) return failed("solve");
  printf("error %a, subset", solution.error);
  for (int64_t i = 0; i < solution.size; i++) printf(" %lld", (long long)subset[i]);
  printf("\n");

  /* What is wrong is said, and nothing is computed. */
  status = tombola_solve(&problem, "guess", NULL, subset, &solution);
  printf("status %d at '%s': found %s\n", status, tombola_error_where(), tombola_error_found());

  tombola_network *network;
  if (tombola_network_read(argv[1], NULL, &network)) return failed("model");
  int reports = 0;
  tombola_run watched = {0};
  watched.progress = count_reports;
  watched.context = &reports;
  tombola_ticket *ticket;
  char *report;
  if (tombola_prune(network, "{\"width\": 200, \"seed\": 7}", NULL, NULL, &watched, &ticket, &report))
    return failed("prune");
  printf("pruned: %s, progress %s\n", strstr(report, "\"kept_filters\"") ? "figures" : "none",
         reports > 0 ? "reported" : "not reported");
  tombola_free(report);
  if (tombola_verify(ticket, network, NULL, NULL, NULL, NULL, &report)) return failed("verify");
  printf("verified: %s\n", strstr(report, "\"disagreements\" : [\n\n  ]") ? "nothing disagrees" : report);
  tombola_free(report);
  tombola_ticket_free(ticket);
  tombola_network_free(network);
  return 0;
}
