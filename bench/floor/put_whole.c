// The system calls of writeImageSync(), of images that are not there yet.
//
//   put_whole DIR WARM_UP_SECONDS SECONDS BATCH [OPERATIONS [SIZE [unstamped]]]     see timing.h
//
// SIZE is that of an image, in bytes, and 4096 by default.  `unstamped` leaves out the two calls that give the image
// its time.

#define _GNU_SOURCE
#include <string.h>
#include <sys/xattr.h>

#include "directories.h"

static char* bytes;
static size_t size = 4096;
static int stamped = 1;

static void Put(size_t number) {
  char name[32];
  sprintf(name, "image-%zu", number);
  const int fd = openat(incomplete, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  Expect(fd >= 0, "openat");
  WriteAll(fd, bytes, size);
  if (stamped) Stamp(fd);
  Expect(fsetxattr(fd, "user.hits", "0", 1, 0) == 0, "fsetxattr");
  LinkNameless(fd, base, name);
  close(fd);
  unlinkat(queue, name, 0);
}

int main(int count, char** arguments) {
  OpenCache(arguments[1]);
  if (count > 6) size = strtoul(arguments[6], NULL, 10);
  if (count > 7) stamped = strcmp(arguments[7], "unstamped") != 0;
  bytes = malloc(size);
  Expect(bytes != NULL, "malloc");
  memset(bytes, 'x', size);
  MeasureOperations(arguments, count, Put);
}
