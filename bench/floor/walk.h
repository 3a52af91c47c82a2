// getdents64(2) with a large buffer and statx(2) of each image, one thread.

#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "timing.h"

typedef void (*Visit)(int directory, const char* name, const struct statx* stat);

static inline void Walk(int directory, Visit visit) {
  static char buffer[64 * 1024] __attribute__((aligned(8)));
  const unsigned fields = STATX_TYPE | STATX_MODE | STATX_SIZE | STATX_BLOCKS | STATX_INO | STATX_ATIME | STATX_MTIME;
  const int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Expect(own >= 0, "openat");
  for (long size; (size = syscall(SYS_getdents64, own, buffer, sizeof(buffer))) > 0;) {
    for (long at = 0; at < size;) {
      const struct dirent64* entry = (const struct dirent64*)(buffer + at);
      at += entry->d_reclen;
      if (entry->d_type != DT_REG || entry->d_name[0] == '.') continue;
      struct statx stat;
      if (statx(directory, entry->d_name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, fields, &stat) != 0) continue;
      visit(directory, entry->d_name, &stat);
    }
  }
  close(own);
}
