// The loop around an operation, the same as in harness/measure.mjs: batches, each timed as a whole.
//
//   PROGRAM DIR WARM_UP_SECONDS SECONDS BATCH [OPERATIONS]
//
// Prints the nanoseconds per operation of each batch.  With OPERATIONS other than 0, makes just so many, between two
// calls of access(2) that mark them for strace.

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef void (*Operation)(size_t number);

static inline void Expect(int holds, const char* what) {
  if (holds) return;
  perror(what);
  exit(1);
}

static inline int64_t Nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline void Mark(const char* path) {
  (void)!access(path, F_OK);
}

static inline int64_t RunBatch(Operation operation, size_t batch, size_t* number) {
  const int64_t start = Nanoseconds();
  for (size_t i = 0; i < batch; i++) operation((*number)++);
  return Nanoseconds() - start;
}

static inline void MeasureOperations(char** arguments, int count, Operation operation) {
  const int64_t warm_up = (int64_t)(atof(arguments[2]) * 1e9);
  const int64_t duration = (int64_t)(atof(arguments[3]) * 1e9);
  const size_t batch = strtoul(arguments[4], NULL, 10);
  const size_t operations = count > 5 ? strtoul(arguments[5], NULL, 10) : 0;
  size_t number = 0;

  if (operations > 0) {
    Mark("/xattr-cache-bench/begin");
    RunBatch(operation, operations, &number);
    Mark("/xattr-cache-bench/end");
    printf("{\"operations\":%zu,\"batches\":[0]}\n", number);
    return;
  }

  for (int64_t spent = 0; spent < warm_up;) spent += RunBatch(operation, batch, &number);
  printf("{\"batches\":[");
  int64_t spent = 0;
  for (int batches = 0; spent < duration || batches < 5; batches++) {
    const int64_t took = RunBatch(operation, batch, &number);
    spent += took;
    printf("%s%.1f", batches > 0 ? "," : "", (double)took / (double)batch);
  }
  printf("],\"operations\":%zu}\n", number);
}
