// A disk whose power can be cut: `cutdisk MIB MOUNTPOINT`.
//
// A FUSE file system with one file, `disk`, for a loop device.  It remembers which writes were flushed since.  A line
// in its other file, `control`, is a command:
//   cut N SEED PATH  makes three files, which hold what the disk would hold if the power failed after N more writes:
//                    PATH.none    no write after the last flush
//                    PATH.prefix  a random number of them, in order
//                    PATH.subset  any blocks of any of them, as a drive with a volatile cache leaves them
//   fail N           makes the next N writes that begin with "IMG1" fail with EIO
// The daemon has one thread and forks, so that the three files are of one instant.  Each appears when it is whole.

#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kBlock = 4096, kExtent = 65536 };

typedef struct {
  off_t at;
  size_t size;
  char* bytes;
} Write;

static off_t disk_size;
static char* current;   // the bytes that a read returns
static char* flushed;   // the bytes that survive any cut
static bool* written;   // the extents that ever held anything
static Write* pending;  // writes since the last flush
static size_t pending_count, pending_room;
static unsigned failing;

static unsigned writes_until_cut;
static unsigned cut_seed;
static char cut_path[512];

static void Survive(const Write* write, size_t from, size_t size) {
  memcpy(flushed + write->at + from, write->bytes + from, size);
}

static size_t BlockSize(const Write* write, size_t from) {
  return write->size - from < kBlock ? write->size - from : kBlock;
}

static void SurvivePrefix(void) {
  const size_t count = random() % (pending_count + 1);
  for (size_t i = 0; i < count; i++) Survive(&pending[i], 0, pending[i].size);
}

static void SurviveSubset(void) {
  for (size_t i = 0; i < pending_count; i++)
    for (size_t from = 0; from < pending[i].size; from += kBlock)
      if (random() & 64) Survive(&pending[i], from, BlockSize(&pending[i], from));
}

// In a process of its own, whose memory nothing else uses.
static void WriteSnapshot(const char* path) {
  char part[600];
  snprintf(part, sizeof part, "%s.part", path);
  const int fd = open(part, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  if (fd < 0 || ftruncate(fd, disk_size) != 0) _exit(1);
  for (off_t at = 0; at < disk_size; at += kExtent)
    if (written[at / kExtent] && pwrite(fd, flushed + at, kExtent, at) != kExtent) _exit(1);
  if (rename(part, path) != 0) _exit(1);
  _exit(0);
}

static int Cut(void) {
  static const char* const modes[] = {"none", "prefix", "subset"};
  for (int mode = 0; mode < 3; mode++) {
    const pid_t child = fork();
    if (child < 0) return -EAGAIN;
    if (child > 0) continue;
    char out[560];
    snprintf(out, sizeof out, "%s.%s", cut_path, modes[mode]);
    srandom(cut_seed);
    if (mode == 1) SurvivePrefix();
    if (mode == 2) SurviveSubset();
    WriteSnapshot(out);
  }
  return 0;
}

static int Obey(const char* text, size_t size) {
  char line[600];
  if (size >= sizeof line) return -EINVAL;
  memcpy(line, text, size);
  line[size] = 0;
  if (sscanf(line, "fail %u", &failing) == 1) return 0;
  if (sscanf(line, "cut %u %u %511s", &writes_until_cut, &cut_seed, cut_path) != 3) return -EINVAL;
  return writes_until_cut == 0 ? Cut() : 0;
}

static int GetAttributes(const char* path, struct stat* stat, struct fuse_file_info* file) {
  (void)file;
  memset(stat, 0, sizeof *stat);
  stat->st_nlink = 1;
  stat->st_mode = S_IFREG | 0600;
  if (strcmp(path, "/control") == 0) return 0;
  stat->st_size = disk_size;
  if (strcmp(path, "/disk") == 0) return 0;
  stat->st_mode = S_IFDIR | 0700;
  return strcmp(path, "/") == 0 ? 0 : -ENOENT;
}

static int OpenFile(const char* path, struct fuse_file_info* file) {
  (void)path;
  file->direct_io = 1;
  return 0;
}

static int TruncateFile(const char* path, off_t size, struct fuse_file_info* file) {
  (void)file;
  (void)size;
  return strcmp(path, "/control") == 0 ? 0 : -EPERM;
}

static int ReadFile(const char* path, char* buffer, size_t size, off_t at, struct fuse_file_info* file) {
  (void)file;
  if (strcmp(path, "/disk") != 0 || at >= disk_size) return 0;
  if ((off_t)size > disk_size - at) size = disk_size - at;
  memcpy(buffer, current + at, size);
  return size;
}

static int WriteFile(const char* path, const char* bytes, size_t size, off_t at, struct fuse_file_info* file) {
  (void)file;
  if (strcmp(path, "/control") == 0) {
    const int result = Obey(bytes, size);
    return result < 0 ? result : (int)size;
  }
  if ((off_t)size > disk_size - at) return -ENOSPC;
  // Only images begin so: the journal stays sound, and the file system writable.
  if (failing > 0 && size >= 4 && memcmp(bytes, "IMG1", 4) == 0) {
    failing--;
    return -EIO;
  }
  if (pending_count == pending_room) {
    pending_room = pending_room * 2 + 256;
    pending = realloc(pending, pending_room * sizeof *pending);
  }
  Write* write = &pending[pending_count++];
  *write = (Write){.at = at, .size = size, .bytes = malloc(size)};
  memcpy(write->bytes, bytes, size);
  memcpy(current + at, bytes, size);
  for (off_t extent = at / kExtent; extent * kExtent < at + (off_t)size; extent++) written[extent] = true;
  if (writes_until_cut > 0 && --writes_until_cut == 0) (void)Cut();
  return size;
}

static int Flush(const char* path, int data_only, struct fuse_file_info* file) {
  (void)data_only;
  (void)file;
  if (strcmp(path, "/disk") != 0) return 0;
  for (size_t i = 0; i < pending_count; i++) {
    Survive(&pending[i], 0, pending[i].size);
    free(pending[i].bytes);
  }
  pending_count = 0;
  return 0;
}

static void* Begin(struct fuse_conn_info* connection, struct fuse_config* config) {
  (void)config;
  connection->max_write = 1 << 20;
  signal(SIGCHLD, SIG_IGN);
  return NULL;
}

static char* Zeros(size_t size) {
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  disk_size = atoll(argv[1]) << 20;
  current = Zeros(disk_size);
  flushed = Zeros(disk_size);
  written = calloc(disk_size / kExtent + 1, sizeof *written);
  if (current == MAP_FAILED || flushed == MAP_FAILED || written == NULL) return 1;
  static const struct fuse_operations operations = {.getattr = GetAttributes,
                                                    .open = OpenFile,
                                                    .truncate = TruncateFile,
                                                    .read = ReadFile,
                                                    .write = WriteFile,
                                                    .fsync = Flush,
                                                    .init = Begin};
  char* arguments[] = {argv[0], "-f", "-s", argv[2], NULL};
  return fuse_main(4, arguments, &operations, NULL);
}
