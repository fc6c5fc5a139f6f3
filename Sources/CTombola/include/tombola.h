/* Tombola's C interface.
 *
 * A call returns a status (TOMBOLA_DONE and so on: the exit codes of the command). Where it is
 * TOMBOLA_BAD_INPUT nothing was written through any pointer, and tombola_error_message() says
 * what was expected, what was found and where. Every function may be called from any thread; a
 * handle may be used by several threads at a time, but for the call that frees it. What a
 * function gives in `char **` or `void **` is the caller's to free with tombola_free.
 *
 * Seeds and limits of work give the same bits here as in the command and in Swift. Options of
 * longer calls are a JSON object, whose keys are the command's options with underscores:
 * {"width": 2000, "seed": 7}; what such calls report is the text that the command prints with
 * --json. docs/c.md has examples. */
#ifndef TOMBOLA_H
#define TOMBOLA_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a declaration below changes its meaning; what is only added leaves it. */
#define TOMBOLA_ABI_VERSION 1

typedef int32_t tombola_status;
enum {
  TOMBOLA_DONE = 0,
  /* Finished without reaching what was asked, or a ticket's claims do not hold. */
  TOMBOLA_NOT_REACHED = 1,
  TOMBOLA_BAD_INPUT = 2,
  /* Stopped by a limit; the result so far is there, unless the message says otherwise. */
  TOMBOLA_STOPPED = 3,
  /* Proved that nothing reaches what was asked. */
  TOMBOLA_INFEASIBLE = 4,
  /* Stopped by the progress callback, or by Ctrl-C; otherwise as TOMBOLA_STOPPED. */
  TOMBOLA_INTERRUPTED = 130
};

/* The version of the library, "0.3.0", and that of this interface. */
const char *tombola_version(void);
int32_t tombola_abi_version(void);

/* What went wrong in the calling thread's last call that returned neither TOMBOLA_DONE nor a
 * result: one line of text, its parts, and the name of the sort of error. Empty where there is
 * nothing to say. Each stays valid until the thread's next call. */
const char *tombola_error_message(void);
const char *tombola_error_kind(void);
const char *tombola_error_where(void);
const char *tombola_error_expected(void);
const char *tombola_error_found(void);

void tombola_free(void *memory);

/* Makes OpenBLAS use kernels as wide as the CPU's vectors, where it does not know the CPU and took
 * narrow ones, and OPENBLAS_CORETYPE pins none; the command does so by itself. To be called before
 * anything else, while no other thread uses BLAS or the environment. */
void tombola_fit_blas(void);

/* Runs the command `tombola` with the process's own arguments, and ends the process. */
void tombola_command(void);

/* An array of rank 0 to 4. `strides` are in bytes and may be negative or 0. */
enum {
  TOMBOLA_NONE = 0,
  TOMBOLA_FLOAT32 = 1,
  TOMBOLA_FLOAT64 = 2,
  TOMBOLA_INT64 = 3,
  TOMBOLA_INT32 = 4,
  TOMBOLA_UINT8 = 5
};
typedef struct tombola_array {
  const void *data;
  /* TOMBOLA_NONE says that there is no array. */
  int32_t type;
  int32_t rank;
  int64_t shape[4];
  int64_t strides[4];
} tombola_array;

/* How far a run has come; `total` is 0 where nobody knows. `best` is the figure being improved,
 * which `best_label` names; NaN for none. */
typedef struct tombola_progress {
  const char *phase;
  const char *best_label;
  int64_t completed;
  int64_t total;
  double best;
} tombola_progress;

/* Called at most 20 times a second, from any thread, one call at a time. A result other than 0
 * asks the run to stop with its best so far. */
typedef int32_t (*tombola_progress_callback)(const tombola_progress *progress, void *context);

/* What a run may use: 0 is no limit of its own, so that the documented defaults hold. A null
 * pointer in its place is a run without limits on all cores. */
typedef struct tombola_run {
  uint64_t work_limit;
  double time_limit;
  int64_t memory_limit;
  int32_t threads;
  /* Whether Ctrl-C stops the run. SIGINT's handler is replaced meanwhile by one that calls it; one
   * run of the process at a time. */
  int32_t stops_on_interrupt;
  tombola_progress_callback progress;
  void *context;
} tombola_run;

/* A subset-sum problem: choose candidates whose sum comes close to the target. */
typedef struct tombola_problem {
  /* (n, m), or (n) for m = 1; float32 or float64. */
  tombola_array candidates;
  /* (n), float32, with candidates in float32: candidate i is its row times scale i. May be none. */
  tombola_array scales;
  /* (m); for tombola_solve_batch (t, m), or (t) for m = 1. */
  tombola_array target;
  /* "max", "l2", "metric", "row-sums" or "row-sums-larger"; null for "max". */
  const char *norm;
  /* (m, m), the Cholesky factor of "metric". */
  tombola_array factor;
  /* (m) integers and (m), of the row sums; weights may be none. */
  tombola_array blocks;
  tombola_array weights;
  /* The number of candidates that a subset must have, where `fixes_size` is not 0. */
  int64_t size;
  int32_t fixes_size;
} tombola_problem;

enum {
  TOMBOLA_RAN_TO_ITS_END = 0,
  TOMBOLA_AT_WORK_LIMIT = 1,
  TOMBOLA_AT_TIME_LIMIT = 2,
  TOMBOLA_CANCELLED = 3
};

typedef struct tombola_solution {
  double error;
  double maximum_error;
  double euclidean_error;
  /* No subset's error is below it; 0 where nothing is proved. */
  double lower_bound;
  /* The scale of the best reachable error; NaN where none is known, or it says nothing. */
  double limit;
  double empty_set_error;
  /* Those of the solver alone. */
  double seconds;
  uint64_t work;
  uint64_t evaluations;
  int64_t size;
  int32_t is_optimal;
  /* TOMBOLA_RAN_TO_ITS_END and so on. */
  int32_t stop;
  char solver[32];
} tombola_solution;

/* Solves one problem. `solver` is a name that the command takes, null for "portfolio"; `subset`
 * has room for n indices, of which solution->size are written, ascending. */
tombola_status tombola_solve(const tombola_problem *problem, const char *solver, const tombola_run *run,
                             int64_t *subset, tombola_solution *solution);

/* The same with all that the command can do: options solver, epsilon, decide, all, max_subsets
 * and by_size. `report` is the text that the command prints with --json. */
tombola_status tombola_solve_report(const tombola_problem *problem, const char *options,
                                    const tombola_run *run, char **report);

typedef struct tombola_batch {
  /* Instances whose result is there: the first so many. */
  int64_t solved;
  /* Of these, those whose optimum is proved. */
  int64_t proved;
  double seconds;
  uint64_t work;
  int32_t stop;
} tombola_batch;

/* Exact optima of many problems over the same candidates, or in one dimension over candidates
 * (t, n) of each problem's own. `errors` and `subsets` have room for t entries; bit i of a
 * subset stands for candidate i. */
tombola_status tombola_solve_batch(const tombola_problem *problem, const tombola_run *run, double *errors,
                                   uint64_t *subsets, tombola_batch *batch);

/* The problem of a dimension, count and seed that the command makes: candidate i is scales[i]
 * times row i of vectors (n, m), target has m entries. */
tombola_status tombola_make_instance(int64_t dimension, int64_t count, uint64_t seed, float *scales,
                                     float *vectors, double *target);

/* The scale of the best reachable error of n candidates in dimension m, of subsets of `size`
 * candidates or, below 0, of any number; norm "max" or "l2", null for "max". NaN where there is
 * none. */
tombola_status tombola_reachable_error(int64_t count, int64_t dimension, int64_t size, const char *norm,
                                       double *error);

/* The natural logarithm of the number of subsets expected within epsilon, in the max norm. */
tombola_status tombola_expected_subsets(int64_t count, int64_t dimension, int64_t size, double epsilon,
                                        double *logarithm);

/* A network that can be run: an ONNX model, or a ticket's. Options of a model: input_shape (a
 * list) and output_name. */
typedef struct tombola_network tombola_network;
tombola_status tombola_network_read(const char *path, const char *options, tombola_network **network);
tombola_status tombola_network_parse(const void *bytes, int64_t count, const char *name, const char *options,
                                     tombola_network **network);
/* What `tombola info --json` says of the layers, with input_shape, output_shape, weights and
 * notes. */
tombola_status tombola_network_report(const tombola_network *network, char **report);
/* Channels, height and width of the input and of the output. */
tombola_status tombola_network_shapes(const tombola_network *network, int64_t input[3], int64_t output[3]);
/* Outputs (N, C, H, W) for images (N, C, H, W), (N, C, W) or (N, K) in the network's own order;
 * options may name a convolution (auto, kernels, im2col). `outputs` has room for all of them. */
tombola_status tombola_network_forward(const tombola_network *network, const tombola_array *images,
                                       const char *options, const tombola_run *run, float *outputs);
void tombola_network_free(tombola_network *network);

/* A ticket with its claims, as its file holds them. */
typedef struct tombola_ticket tombola_ticket;
tombola_status tombola_ticket_read(const char *path, tombola_ticket **ticket);
tombola_status tombola_ticket_parse(const void *bytes, int64_t count, const char *name,
                                    tombola_ticket **ticket);
/* Writes the file, coded where the name ends in .tombola; one that is there needs `force`. */
tombola_status tombola_ticket_write(const tombola_ticket *ticket, const char *path, int32_t force);
/* The file's bytes: safetensors, or coded; with_claims 0 leaves claims and witness out. */
tombola_status tombola_ticket_bytes(const tombola_ticket *ticket, int32_t coded, int32_t with_claims,
                                    void **bytes, int64_t *count);
/* Seed, width, mode, layers, scales, claims and, of each block, the number of kept filters. */
tombola_status tombola_ticket_report(const tombola_ticket *ticket, char **report);
/* Kept filters of block `index`, as the report counts blocks; room for its `kept` is needed. */
tombola_status tombola_ticket_kept(const tombola_ticket *ticket, int64_t index, uint32_t *filters);
/* The pruned network, or with `collapsed` its kernels summed in the target's shape. */
tombola_status tombola_ticket_network(const tombola_ticket *ticket, int32_t collapsed,
                                      tombola_network **network);
/* Writes that network as .onnx, .safetensors or .npz, by the name's ending. */
tombola_status tombola_ticket_export(const tombola_ticket *ticket, int32_t collapsed, const char *path,
                                     int32_t force);
void tombola_ticket_free(tombola_ticket *ticket);

/* Labelled images: x as tombola_network_forward takes them, y (N) integers or none. */
typedef struct tombola_images {
  tombola_array x;
  tombola_array y;
} tombola_images;

/* Draws a ticket for a network that was read from a model. Options: width or epsilon (with
 * largest_width), seed, and those of the command's search; input_range is a list of two
 * numbers. With bits beside a width (and beam) the ticket is the one of least error whose coded
 * file takes at most so many bits for each weight; it has no claims. `data` and `calibration` may
 * be null. Status TOMBOLA_NOT_REACHED: epsilon was not. The ticket is there for every status but
 * TOMBOLA_BAD_INPUT. */
tombola_status tombola_prune(const tombola_network *target, const char *options, const tombola_images *data,
                             const tombola_images *calibration, const tombola_run *run,
                             tombola_ticket **ticket, char **report);

/* Measures a ticket's claims again. Options: replay (with `calibration` for a calibrated
 * ticket), convolution. Status TOMBOLA_NOT_REACHED: something disagrees, and the report lists
 * it, or is null where the message says that the ticket contradicts itself or its target. */
tombola_status tombola_verify(const tombola_ticket *ticket, const tombola_network *target,
                              const char *options, const tombola_images *data,
                              const tombola_images *calibration, const tombola_run *run, char **report);

/* Sets a ticket beside its target, plainly quantised too: size, cost, accuracy. Option:
 * convolution. */
tombola_status tombola_compare(const tombola_ticket *ticket, const tombola_network *target,
                               const char *options, const tombola_images *data, const tombola_run *run,
                               char **report);

/* Vectors coded in so many bits: which filters of a random layer are kept. `vectors` is (t, m); the
 * options are bits (an entry, for the whole file), seed, and count (filters for each vector) and
 * beam if wanted. `bytes` is the file that `tombola solve --bits --code` writes, `report` what it
 * prints; stopped before its end it gives the best so far beside the status. */
tombola_status tombola_encode_vectors(const tombola_array *vectors, const char *options, const tombola_run *run,
                                      void **bytes, int64_t *count, char **report);
/* The vectors that such bytes give, shape[0] of shape[1] entries. */
tombola_status tombola_decode_vectors(const void *bytes, int64_t count, double **vectors, int64_t shape[2]);
/* `count` random vectors of `dimension` entries, of law "gaussian" (or null) or "laplacian". */
tombola_status tombola_make_vectors(int64_t dimension, int64_t count, uint64_t seed, const char *law,
                                    double *vectors);

/* What coded vectors lose, random ones and the kernels of `count` networks: what
 * `tombola rate-distortion --json` prints. Options: dimensions, rates and seeds (lists), count,
 * entries, beam. Stopped before its end it reports what is finished. */
tombola_status tombola_rate_distortion(const tombola_network *const *targets, int64_t count, const char *options,
                                       const tombola_run *run, char **report);

/* Sufficient and necessary widths, published and derived. Options: kernel, channels_in,
 * channels_out, layers, epsilon, and delta and count if wanted. */
tombola_status tombola_bounds(const char *options, char **report);

/* A grid of random problems, of the text of a specification as docs/sweeps.md has it. */
typedef struct tombola_sweep tombola_sweep;
tombola_status tombola_sweep_parse(const char *specification, const char *name, tombola_sweep **sweep);
/* Cells of the grid, and trials of each. */
tombola_status tombola_sweep_size(const tombola_sweep *sweep, int64_t *cells, int64_t *trials);
void tombola_sweep_free(tombola_sweep *sweep);

typedef struct tombola_sweep_outcome {
  int64_t trials;
  int64_t stored;
  int64_t added;
  double seconds;
  double storing_seconds;
  int32_t stop;
} tombola_sweep_outcome;

/* Runs all trials here, into a store; one that is there needs `resumes`. Of the run's limits the
 * time's counts. */
tombola_status tombola_sweep_run(const tombola_sweep *sweep, const char *store, int32_t resumes,
                                 const tombola_run *run, tombola_sweep_outcome *outcome);

/* What became of a trial; of a unit also the seconds that it took, NaN in a store. */
typedef struct tombola_trial {
  int64_t cell;
  int64_t trial;
  int64_t size;
  uint64_t work;
  double error;
  double lower_bound;
  double seconds;
} tombola_trial;

/* A sweep's trials in units, for other processes and machines: any order, any place, the same bits.
 * There are `count` units, `most` or fewer; unit 0 to count - 1 is decided by whoever has the
 * specification, `most` and its number. */
tombola_status tombola_sweep_units(const tombola_sweep *sweep, int64_t most, int64_t *count);
tombola_status tombola_sweep_unit(const tombola_sweep *sweep, int64_t most, int64_t unit, const tombola_run *run,
                                  tombola_trial **trials, int64_t *count);

/* The one writer of a store whose units are decided elsewhere. Results may be added in any order,
 * and twice; each is stored once. Closing it frees it. */
typedef struct tombola_collector tombola_collector;
tombola_status tombola_collector_open(const tombola_sweep *sweep, int64_t most, const char *store,
                                      int32_t resumes, int32_t workers, tombola_collector **collector);
/* Whether all trials of a unit were in the store when it was opened. */
tombola_status tombola_collector_has(const tombola_collector *collector, int64_t unit, int32_t *has);
tombola_status tombola_collector_add(tombola_collector *collector, const tombola_trial *trials, int64_t count);
tombola_status tombola_collector_close(tombola_collector *collector, tombola_sweep_outcome *outcome);

/* A store that a sweep wrote, open for reading. */
typedef struct tombola_store tombola_store;
tombola_status tombola_store_read(const char *path, tombola_store **store);
/* Its specification and the cells of its grid. */
tombola_status tombola_store_report(const tombola_store *store, char **report);
/* All trials, in the order of (cell, trial). */
tombola_status tombola_store_trials(const tombola_store *store, tombola_trial **trials, int64_t *count);
void tombola_store_free(tombola_store *store);

#ifdef __cplusplus
}
#endif

#endif
