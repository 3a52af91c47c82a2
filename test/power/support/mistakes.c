// Library to preload into a process that writes to a cache: makes one mistake, which the tests have to detect, in the
// system calls of the engine.  POWER_MISTAKE names it:
//   plain-mtime      an image's time is that of the wall clock, whatever the clock file says
//   lowered-mtime    a hit sets a time of modification in the future back to now
//   early-attribute  the voucher is on disk a second before syncfs(2) begins

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static bool Makes(const char* mistake) {
  const char* name = getenv("POWER_MISTAKE");
  return name != NULL && strcmp(name, mistake) == 0;
}

static bool IsLater(struct timespec a, struct timespec b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static bool IsClock(int fd) {
  char link[40], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path);
  return size >= 6 && memcmp(path + size - 6, "/clock", 6) == 0;
}

int futimens(int fd, const struct timespec times[2]) {
  int (*real)(int, const struct timespec*) = (int (*)(int, const struct timespec*))dlsym(RTLD_NEXT, "futimens");
  if (times == NULL || times[1].tv_nsec == UTIME_OMIT || IsClock(fd)) return real(fd, times);
  // A publication leaves the time of access alone; a hit sets both.
  const char* mistake = times[0].tv_nsec == UTIME_OMIT ? "plain-mtime" : "lowered-mtime";
  struct timespec changed[2] = {times[0], times[1]}, now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (Makes(mistake) && IsLater(changed[1], now)) changed[1] = now;
  return real(fd, changed);
}

static void VouchEarly(int cache) {
  const int corner = openat(cache, ".xattr-cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int clock = openat(corner, "clock", O_RDONLY | O_CLOEXEC);
  int64_t begun = 0;
  char boot[37] = "", text[100];
  const int boot_id = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (read(boot_id, boot, 36) == 36 && pread(clock, &begun, sizeof begun, 0) == sizeof begun) {
    snprintf(text, sizeof text, "1 %s %lld", boot, (long long)begun);
    fsetxattr(corner, "user.xattr_cache.checkpoint", text, strlen(text), 0);
    fsync(corner);
    sleep(1);
  }
  close(boot_id);
  close(clock);
  close(corner);
}

int syncfs(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "syncfs");
  if (Makes("early-attribute")) VouchEarly(fd);
  return real(fd);
}
