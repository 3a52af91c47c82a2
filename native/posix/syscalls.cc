#include "posix/syscalls.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

// Newer than the headers of the oldest system that we build on.
#ifndef SYS_getxattrat
#define SYS_getxattrat 464
#endif

namespace xattr_cache::sys {

namespace {

#ifdef XATTR_CACHE_FAULTS
std::atomic<FaultHook> fault_hook{nullptr};

int Refusal(const char* syscall) {
  const FaultHook hook = fault_hook.load();
  return hook == nullptr ? 0 : hook(syscall);
}
#else
constexpr int Refusal(const char*) {
  return 0;
}
#endif

template <typename Call>
auto Once(const char* syscall, Call call) -> decltype(call()) {
  if (const int refusal = Refusal(syscall); refusal != 0) {
    errno = refusal;
    return -1;
  }
  return call();
}

// For calls without effect if a signal interrupts them.
template <typename Call>
auto Retrying(const char* syscall, Call call) -> decltype(call()) {
  while (true) {
    const auto result = Once(syscall, call);
    if (result != -1 || errno != EINTR) return result;
  }
}

timespec FromStatx(const statx_timestamp& time) {
  return {time.tv_sec, static_cast<long>(time.tv_nsec)};
}

constexpr unsigned kEntryFields = STATX_TYPE | STATX_MODE | STATX_SIZE | STATX_BLOCKS | STATX_INO | STATX_ATIME |
                                  STATX_MTIME | STATX_CTIME | STATX_BTIME;
constexpr unsigned kAllFields = kEntryFields | STATX_NLINK | STATX_MNT_ID;

int CallStatx(int directory, const char* name, int flags, unsigned fields, FileStat* stat) {
  struct statx raw{};
  const int result = Retrying("statx", [&] { return ::statx(directory, name, flags, fields, &raw); });
  if (result != 0) return result;
  stat->size = raw.stx_size;
  stat->blocks = raw.stx_blocks;
  stat->inode = raw.stx_ino;
  stat->device = (static_cast<uint64_t>(raw.stx_dev_major) << 32) | raw.stx_dev_minor;
  stat->mount_id = (raw.stx_mask & STATX_MNT_ID) != 0 ? raw.stx_mnt_id : 0;
  stat->mode = raw.stx_mode;
  stat->links = raw.stx_nlink;
  stat->accessed = FromStatx(raw.stx_atime);
  stat->modified = FromStatx(raw.stx_mtime);
  if ((raw.stx_mask & STATX_BTIME) != 0) stat->born = FromStatx(raw.stx_btime);
  stat->made = FromStatx((raw.stx_mask & STATX_BTIME) != 0 ? raw.stx_btime : raw.stx_ctime);
  return 0;
}

timespec ReadClock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time;
}

}  // namespace

#ifdef XATTR_CACHE_FAULTS
void SetFaultHook(FaultHook hook) {
  fault_hook.store(hook);
}
#endif

int OpenAt(int directory, const char* path, int flags, mode_t mode) {
  return Retrying("openat", [&] { return ::openat(directory, path, flags, mode); });
}

int OpenCachedAt(int directory, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(static_cast<unsigned>(flags));
  how.resolve = RESOLVE_CACHED;
  return Retrying("openat2",
                  [&] { return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof(how))); });
}

// Never repeated: on Linux the descriptor is gone even if the call was interrupted.
int Close(int fd) {
  return Once("close", [&] { return ::close(fd); });
}

int Stat(int fd, FileStat* stat) {
  return CallStatx(fd, "", AT_EMPTY_PATH, kAllFields, stat);
}

int StatAt(int directory, const char* name, FileStat* stat) {
  return CallStatx(directory, name, AT_SYMLINK_NOFOLLOW, kAllFields, stat);
}

int StatEntryAt(int directory, const char* name, FileStat* stat) {
  return CallStatx(directory, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, kEntryFields, stat);
}

int StatFileSystem(int fd, struct statvfs* stat) {
  return Retrying("fstatfs", [&] { return ::fstatvfs(fd, stat); });
}

int CanWriteAt(int directory, const char* name) {
  return Retrying("faccessat2", [&] { return ::faccessat(directory, name, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW); });
}

int SetMode(int fd, mode_t mode) {
  return Retrying("fchmod", [&] { return ::fchmod(fd, mode); });
}

ssize_t ReadAt(int fd, void* buffer, size_t size, off_t position) {
  return Retrying("pread64", [&] { return ::pread(fd, buffer, size, position); });
}

ssize_t ReadCachedAt(int fd, void* buffer, size_t size, off_t position) {
  const iovec target{buffer, size};
  return Retrying("preadv2", [&] { return ::preadv2(fd, &target, 1, position, RWF_NOWAIT); });
}

ssize_t WriteAt(int fd, const void* buffer, size_t size, off_t position) {
  return Retrying("pwrite64", [&] { return ::pwrite(fd, buffer, size, position); });
}

int Truncate(int fd, off_t size) {
  return Retrying("ftruncate", [&] { return ::ftruncate(fd, size); });
}

int Reserve(int fd, off_t size) {
  return Retrying("fallocate", [&] { return ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size); });
}

int CloneFile(int to, int from) {
  return Retrying("ioctl", [&] { return ::ioctl(to, FICLONE, from); });
}

int SyncData(int fd) {
  return Retrying("fdatasync", [&] { return ::fdatasync(fd); });
}

int SyncFile(int fd) {
  return Retrying("fsync", [&] { return ::fsync(fd); });
}

int SyncFileSystem(int fd) {
  return Retrying("syncfs", [&] { return ::syncfs(fd); });
}

int LinkFile(int fd, int directory, const char* name) {
  const int linked = Once("linkat", [&] { return ::linkat(fd, "", directory, name, AT_EMPTY_PATH); });
  if (linked == 0 || errno == EEXIST) return linked;
  char path[32];
  std::snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  return Once("linkat", [&] { return ::linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW); });
}

int RenameAt(int from_directory, const char* from, int to_directory, const char* to) {
  return Once("renameat", [&] { return ::renameat(from_directory, from, to_directory, to); });
}

int UnlinkAt(int directory, const char* name) {
  return Once("unlinkat", [&] { return ::unlinkat(directory, name, 0); });
}

int MakeDirectoryAt(int directory, const char* name, mode_t mode) {
  return Once("mkdirat", [&] { return ::mkdirat(directory, name, mode); });
}

int LockExclusive(int fd) {
  return Retrying("flock", [&] { return ::flock(fd, LOCK_EX | LOCK_NB); });
}

int LockShared(int fd) {
  return Retrying("flock", [&] { return ::flock(fd, LOCK_SH | LOCK_NB); });
}

int Unlock(int fd) {
  return Retrying("flock", [&] { return ::flock(fd, LOCK_UN); });
}

#ifdef F_OFD_SETLK
int LockAsReader(int fd) {
  struct flock lock{};
  lock.l_type = F_RDLCK;
  return Retrying("fcntl", [&] { return ::fcntl(fd, F_OFD_SETLK, &lock); });
}

int HasOtherReaders(int fd) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  if (Retrying("fcntl", [&] { return ::fcntl(fd, F_OFD_GETLK, &lock); }) != 0) return -1;
  return lock.l_type == F_UNLCK ? 0 : 1;
}
#else
int LockAsReader(int) {
  errno = ENOSYS;
  return -1;
}

int HasOtherReaders(int) {
  errno = ENOSYS;
  return -1;
}
#endif

ssize_t GetAttribute(int fd, const char* name, void* value, size_t size) {
  return Retrying("fgetxattr", [&] { return ::fgetxattr(fd, name, value, size); });
}

ssize_t GetAttributeOfPath(const char* path, const char* name, void* value, size_t size) {
  return Retrying("getxattr", [&] { return ::getxattr(path, name, value, size); });
}

ssize_t GetAttributeAt(int directory, const char* name, const char* attribute, void* value, size_t size) {
  struct {
    uint64_t value;
    uint32_t size;
    uint32_t flags;
  } arguments{reinterpret_cast<uintptr_t>(value), static_cast<uint32_t>(size), 0};
  return Retrying("getxattrat", [&] {
    return static_cast<ssize_t>(
        ::syscall(SYS_getxattrat, directory, name, AT_SYMLINK_NOFOLLOW, attribute, &arguments, sizeof(arguments)));
  });
}

int SetAttribute(int fd, const char* name, const void* value, size_t size) {
  return Retrying("fsetxattr", [&] { return ::fsetxattr(fd, name, value, size, 0); });
}

int SetAttributeOfPath(const char* path, const char* name, const void* value, size_t size) {
  return Retrying("setxattr", [&] { return ::setxattr(path, name, value, size, 0); });
}

int RemoveAttribute(int fd, const char* name) {
  return Retrying("fremovexattr", [&] { return ::fremovexattr(fd, name); });
}

int SetTimes(int fd, const timespec& accessed, const timespec& modified) {
  const timespec times[2] = {accessed, modified};
  return Retrying("utimensat", [&] { return ::futimens(fd, times); });
}

ssize_t ReadEntries(int fd, void* buffer, size_t size) {
  return Retrying("getdents64", [&] { return static_cast<ssize_t>(::syscall(SYS_getdents64, fd, buffer, size)); });
}

ssize_t RandomBytes(void* buffer, size_t size) {
  return Retrying("getrandom", [&] { return ::getrandom(buffer, size, 0); });
}

timespec Now() {
  return ReadClock(CLOCK_REALTIME);
}

timespec SinceBoot() {
  return ReadClock(CLOCK_BOOTTIME);
}

}  // namespace xattr_cache::sys
