// The walks of a cache with the system calls alone:
//
//   walk DIR size|list WARM_UP_RUNS RUNS [mark]
//   walk DIR prune|prune-locked IMAGES VICTIMS [mark]     after one walk to warm up
//
// `prune-locked` removes each image as evictTo() does: under its lock, after another look at it, its hits read.
//
// Prints the milliseconds of each, and the images seen.  `mark` is for strace, see timing.h.

#define _GNU_SOURCE
#include <errno.h>
#include <sys/file.h>
#include <sys/xattr.h>

#include "ranks.h"
#include "walk.h"

#ifndef SYS_getxattrat
#define SYS_getxattrat 464
#endif

static uint64_t images;
static uint64_t sum;
static uint64_t hits;
static char* victims;
static uint64_t victim_count;
static uint64_t pruned;
static uint64_t total;

static void AddSize(int directory, const char* name, const struct statx* stat) {
  (void)directory;
  (void)name;
  images++;
  sum += stat->stx_size;
}

static ssize_t GetHits(int directory, const char* name, char* text, size_t size) {
  struct {
    uint64_t value;
    uint32_t size;
    uint32_t flags;
  } arguments = {(uintptr_t)text, (uint32_t)size, 0};
  const long got =
      syscall(SYS_getxattrat, directory, name, AT_SYMLINK_NOFOLLOW, "user.hits", &arguments, sizeof(arguments));
  if (got >= 0 || errno != ENOSYS) return got;

  const int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  const ssize_t length = fgetxattr(fd, "user.hits", text, size);
  close(fd);
  return length;
}

static void AddHits(int directory, const char* name, const struct statx* stat) {
  AddSize(directory, name, stat);
  char text[21];
  const ssize_t size = GetHits(directory, name, text, 20);
  Expect(size > 0, "getxattr");
  text[size] = '\0';
  hits += strtoull(text, NULL, 10);
}

static void NoteVictim(int directory, const char* name, const struct statx* stat) {
  AddSize(directory, name, stat);
  if (RankOfName(name, total) >= victim_count) return;
  strcpy(victims + 32 * pruned++, name);
}

static void Remove(int directory, const char* name) {
  Expect(unlinkat(directory, name, 0) == 0, "unlinkat");
}

static void RemoveLocked(int directory, const char* name) {
  const unsigned fields = STATX_BASIC_STATS | STATX_MNT_ID;
  struct statx stat;
  char text[20];
  const int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
  Expect(fd >= 0, "openat");
  Expect(statx(fd, "", AT_EMPTY_PATH, fields, &stat) == 0, "statx");
  Expect(flock(fd, LOCK_EX | LOCK_NB) == 0, "flock");
  Expect(statx(directory, name, AT_SYMLINK_NOFOLLOW, fields, &stat) == 0, "statx");
  Expect(fgetxattr(fd, "user.hits", text, sizeof(text)) > 0, "fgetxattr");
  Remove(directory, name);
  flock(fd, LOCK_UN);
  close(fd);
}

static void Prune(int directory, void (*remove)(int directory, const char* name)) {
  Walk(directory, NoteVictim);
  for (uint64_t i = 0; i < pruned; i++) remove(directory, victims + 32 * i);
}

static double Milliseconds(int64_t nanoseconds) {
  return (double)nanoseconds / 1e6;
}

static void TimeWalks(int directory, Visit visit, int warm_up, int runs) {
  for (int i = 0; i < warm_up; i++) Walk(directory, visit);
  for (int i = 0; i < runs; i++) {
    images = sum = hits = 0;
    const int64_t start = Nanoseconds();
    Walk(directory, visit);
    printf("%s%.3f", i > 0 ? "," : "", Milliseconds(Nanoseconds() - start));
  }
}

int main(int count, char** arguments) {
  if (count < 5) return 2;
  const int directory = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Expect(directory >= 0, "open");
  const int marked = count > 5;
  printf("{\"batches\":[");  // Before the mark: its buffer has to be made.

  if (strncmp(arguments[2], "prune", 5) == 0) {
    total = strtoull(arguments[3], NULL, 10);
    victim_count = strtoull(arguments[4], NULL, 10);
    victims = malloc(32 * (victim_count + 1));
    if (!marked) Walk(directory, AddSize);
    if (marked) Mark("/xattr-cache-bench/begin");
    const int64_t start = Nanoseconds();
    Prune(directory, strcmp(arguments[2], "prune") == 0 ? Remove : RemoveLocked);
    const double took = Milliseconds(Nanoseconds() - start);
    if (marked) Mark("/xattr-cache-bench/end");
    printf("%.3f],\"answer\":%llu}\n", took, (unsigned long long)pruned);
    return 0;
  }

  const Visit visit = strcmp(arguments[2], "list") == 0 ? AddHits : AddSize;
  if (marked) Mark("/xattr-cache-bench/begin");
  TimeWalks(directory, visit, atoi(arguments[3]), atoi(arguments[4]));
  if (marked) Mark("/xattr-cache-bench/end");
  printf("],\"answer\":%llu}\n", (unsigned long long)(visit == AddHits ? images : sum));
  return 0;
}
