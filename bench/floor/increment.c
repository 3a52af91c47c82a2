// The system calls of incXattrSync(), on DIR/image.

#define _GNU_SOURCE
#include <fcntl.h>

#include "counter.h"

static char path[4096];

static void Increment(size_t number) {
  (void)number;
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  Expect(fd >= 0, "open");
  LockExclusive(fd);
  AddOne(fd);
  flock(fd, LOCK_UN);
  close(fd);
}

int main(int count, char** arguments) {
  snprintf(path, sizeof(path), "%s/image", arguments[1]);
  MeasureOperations(arguments, count, Increment);
}
