// The system calls of writeImageSync() with 4 KiB, of images that are not there yet.

#define _GNU_SOURCE
#include <sys/xattr.h>

#include "directories.h"

static char bytes[4096];

static void Put(size_t number) {
  char name[32];
  sprintf(name, "image-%zu", number);
  const int fd = openat(incomplete, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  Expect(fd >= 0, "openat");
  WriteAll(fd, bytes, sizeof(bytes));
  Stamp(fd);
  Expect(fsetxattr(fd, "user.hits", "0", 1, 0) == 0, "fsetxattr");
  LinkNameless(fd, base, name);
  close(fd);
  unlinkat(queue, name, 0);
}

int main(int count, char** arguments) {
  OpenCache(arguments[1]);
  MeasureOperations(arguments, count, Put);
}
