// Makes images as fast as a file system can: 100 bytes each, a hole, so that nothing has to be written back.
//
//   fill DIR IMAGES FROM_RANK TO_RANK: those of IMAGES whose rank (ranks.h) is at least FROM_RANK and below TO_RANK.

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "ranks.h"
#include "timing.h"

// An arbitrary moment of the past.
static const time_t kOldest = 1700000000;

static void Make(int directory, uint64_t index, uint64_t rank) {
  char name[32];
  NameOf(index, name);
  const int fd = openat(directory, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
  Expect(fd >= 0, name);
  Expect(ftruncate(fd, 100) == 0, "ftruncate");
  Expect(fsetxattr(fd, "user.hits", "0", 1, 0) == 0, "fsetxattr");
  const struct timespec accessed = {kOldest + (time_t)rank, 0};
  const struct timespec times[2] = {accessed, {kOldest, 0}};
  Expect(futimens(fd, times) == 0, "utimensat");
  close(fd);
}

int main(int count, char** arguments) {
  if (count != 5) return 2;
  const int directory = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Expect(directory >= 0, "open");
  const uint64_t images = strtoull(arguments[2], NULL, 10);
  const uint64_t from = strtoull(arguments[3], NULL, 10);
  const uint64_t to = strtoull(arguments[4], NULL, 10);
  for (uint64_t i = 0; i < images; i++) {
    const uint64_t rank = RankOf(i, images);
    if (rank >= from && rank < to) Make(directory, i, rank);
  }
  return 0;
}
