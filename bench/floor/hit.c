// The system calls of openForReadSync(), a read of it all and closeSync(), on DIR/image.  The bytes come to the same
// place each time, as no garbage collector has it.

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "counter.h"

static const unsigned kFields = STATX_TYPE | STATX_MODE | STATX_SIZE | STATX_BLOCKS | STATX_INO | STATX_ATIME |
                                STATX_MTIME | STATX_NLINK | STATX_MNT_ID;
static int directory;
static char* bytes;
static size_t size;

static struct timespec Stat(int fd) {
  struct statx stat;
  Expect(statx(fd, "", AT_EMPTY_PATH, kFields, &stat) == 0 && stat.stx_nlink == 1, "statx");
  return (struct timespec){stat.stx_mtime.tv_sec, stat.stx_mtime.tv_nsec};
}

static void Hit(size_t number) {
  (void)number;
  const int fd = openat(directory, "image", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
  Expect(fd >= 0, "openat");
  Stat(fd);
  Expect(pread(fd, bytes, size, 0) == (ssize_t)size, "pread64");
  LockExclusive(fd);
  struct timespec times[2] = {{0, 0}, Stat(fd)};
  AddOne(fd);
  clock_gettime(CLOCK_REALTIME, &times[0]);
  Expect(futimens(fd, times) == 0, "utimensat");
  flock(fd, LOCK_UN);
  close(fd);
}

int main(int count, char** arguments) {
  directory = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Expect(directory >= 0, "open");
  struct stat image;
  Expect(fstatat(directory, "image", &image, 0) == 0, "stat");
  size = (size_t)image.st_size;
  bytes = malloc(size);
  Expect(bytes != NULL, "malloc");
  MeasureOperations(arguments, count, Hit);
}
