// The directories of a cache, open.

#pragma once

#include <fcntl.h>

#include "timing.h"

static int base;
static int incomplete;
static int queue;

static inline int OpenDirectory(int parent, const char* name) {
  const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Expect(fd >= 0, name);
  return fd;
}

static inline void OpenCache(const char* dir) {
  base = OpenDirectory(AT_FDCWD, dir);
  incomplete = OpenDirectory(base, "incomplete");
  queue = OpenDirectory(base, "queue");
}

static inline void WriteAll(int fd, const void* bytes, size_t size) {
  Expect(pwrite(fd, bytes, size, 0) == (ssize_t)size, "pwrite64");
}

static inline void LinkNameless(int fd, int directory, const char* name) {
  Expect(linkat(fd, "", directory, name, AT_EMPTY_PATH) == 0, "linkat");
}
