// A decimal counter in user.hits, added to under flock(2).

#pragma once

#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>

#include "timing.h"

static inline void AddOne(int fd) {
  char text[21];
  const ssize_t size = fgetxattr(fd, "user.hits", text, 20);
  Expect(size > 0, "fgetxattr");
  text[size] = '\0';
  const int length = sprintf(text, "%lld", strtoll(text, NULL, 10) + 1);
  Expect(fsetxattr(fd, "user.hits", text, (size_t)length, 0) == 0, "fsetxattr");
}

static inline void LockExclusive(int fd) {
  Expect(flock(fd, LOCK_EX | LOCK_NB) == 0, "flock");
}
