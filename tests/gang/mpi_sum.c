/* Ranks that agree on a number, round by round: what the test of gangs runs under mpirun.
 *
 *   mpi_sum ROUNDS MILLISECONDS [FOLDER]
 *
 * Each round takes so long and ends with a sum over all ranks. The number after all rounds depends on every round and on the
 * number of ranks, and is the same wherever the program was interrupted and resumed: rank 0 keeps round and number in
 * FOLDER/state, and all go on from there. Without a folder it starts anew. */
#include <inttypes.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void load(const char* folder, uint64_t state[2]) {
  char path[4096];
  snprintf(path, sizeof path, "%s/state", folder);
  FILE* file = fopen(path, "r");
  if (file == NULL) return;
  if (fscanf(file, "%" SCNu64 " %" SCNu64, &state[0], &state[1]) != 2) state[0] = state[1] = 0;
  fclose(file);
}

/* Moved into its place, so that there is one whole state at any time. */
static void save(const char* folder, const uint64_t state[2]) {
  char path[4096];
  char aside[4096];
  snprintf(path, sizeof path, "%s/state", folder);
  snprintf(aside, sizeof aside, "%s/state.tmp", folder);
  FILE* file = fopen(aside, "w");
  if (file == NULL) return;
  fprintf(file, "%" PRIu64 " %" PRIu64 "\n", state[0], state[1]);
  if (fclose(file) == 0) rename(aside, path);
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  if (argc < 3) MPI_Abort(MPI_COMM_WORLD, 2);
  const uint64_t rounds = strtoull(argv[1], NULL, 10);
  const long ms = strtol(argv[2], NULL, 10);
  const char* folder = argc > 3 && argv[3][0] != '\0' ? argv[3] : NULL;
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  uint64_t state[2] = {0, 0}; /* rounds that are done, the number */
  if (rank == 0 && folder != NULL) load(folder, state);
  MPI_Bcast(state, 2, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  if (rank == 0) fprintf(stderr, "%d ranks, from round %" PRIu64 "\n", size, state[0]);
  while (state[0] < rounds) {
    const struct timespec pause = {ms / 1000, (ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
    const uint64_t mine = (state[1] ^ (uint64_t)(rank + 1)) * 6364136223846793005u + state[0];
    uint64_t sum = 0;
    MPI_Allreduce(&mine, &sum, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    state[1] = sum;
    ++state[0];
    if (rank == 0 && folder != NULL && state[0] % 5 == 0) save(folder, state);
  }
  if (rank == 0) printf("%d ranks agree on %" PRIu64 " after %" PRIu64 " rounds\n", size, state[1], state[0]);
  MPI_Finalize();
  return 0;
}
