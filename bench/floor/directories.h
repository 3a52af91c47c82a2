// The directories and the clock of a cache, open.

#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include "timing.h"

static int base;
static int incomplete;
static int queue;
static int clock_file;

static inline int OpenDirectory(int parent, const char* name) {
  const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Expect(fd >= 0, name);
  return fd;
}

static inline void OpenCache(const char* dir) {
  base = OpenDirectory(AT_FDCWD, dir);
  incomplete = OpenDirectory(base, "incomplete");
  queue = OpenDirectory(base, "queue");
  clock_file = openat(base, ".xattr-cache/clock", O_RDWR | O_CLOEXEC);
  Expect(clock_file >= 0, ".xattr-cache/clock");
}

static inline void WriteAll(int fd, const void* bytes, size_t size) {
  Expect(pwrite(fd, bytes, size, 0) == (ssize_t)size, "pwrite64");
}

// Gives an image whose last byte is written its time of modification, after the look at the last checkpoint.
static inline void Stamp(int fd) {
  int64_t reading[2];
  Expect(pread(clock_file, reading, sizeof(reading), 0) >= 0, "pread64");
  struct timespec times[2] = {{0, UTIME_OMIT}, {0, 0}};
  clock_gettime(CLOCK_REALTIME, &times[1]);
  Expect(futimens(fd, times) == 0, "utimensat");
}

static inline void LinkNameless(int fd, int directory, const char* name) {
  Expect(linkat(fd, "", directory, name, AT_EMPTY_PATH) == 0, "linkat");
}
