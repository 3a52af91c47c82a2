// The system calls of openForWriteSync(), a write of 4 KiB and commitSync(), of images that are not there yet.

#define _GNU_SOURCE
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "directories.h"

static const unsigned kFields = STATX_TYPE | STATX_MODE | STATX_SIZE | STATX_BLOCKS | STATX_INO | STATX_ATIME |
                                STATX_MTIME | STATX_NLINK | STATX_MNT_ID;
static char bytes[4096];

static void Put(size_t number) {
  char name[32];
  sprintf(name, "image-%zu", number);
  uint64_t random = 0;
  Expect(getrandom(&random, sizeof(random), 0) == sizeof(random), "getrandom");
  char private_name[32];
  sprintf(private_name, ".d-%016llx", (unsigned long long)random);
  char mark[64];
  sprintf(mark, "%s 01234567", private_name);

  const int data = openat(incomplete, private_name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0666);
  struct statx shared;
  Expect(statx(incomplete, "", AT_EMPTY_PATH, kFields, &shared) == 0, "statx");
  const int token = openat(incomplete, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  Expect(data >= 0 && token >= 0, "openat");
  Expect(fsetxattr(token, "user.xattr_cache.writer", mark, strlen(mark), 0) == 0, "fsetxattr");
  Expect(flock(token, LOCK_EX | LOCK_NB) == 0, "flock");
  LinkNameless(token, incomplete, name);

  WriteAll(data, bytes, sizeof(bytes));

  Stamp(data);
  Expect(fsetxattr(data, "user.hits", "0", 1, 0) == 0, "fsetxattr");
  Expect(renameat(incomplete, private_name, base, name) == 0, "renameat");
  struct statx there;
  struct statx ours;
  Expect(statx(incomplete, name, AT_SYMLINK_NOFOLLOW, kFields, &there) == 0, "statx");
  Expect(statx(token, "", AT_EMPTY_PATH, kFields, &ours) == 0 && there.stx_ino == ours.stx_ino, "statx");
  unlinkat(incomplete, name, 0);
  flock(token, LOCK_UN);
  close(token);
  close(data);
  unlinkat(queue, name, 0);
}

int main(int count, char** arguments) {
  OpenCache(arguments[1]);
  MeasureOperations(arguments, count, Put);
}
