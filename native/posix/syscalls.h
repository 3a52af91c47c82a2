// The one place that calls the kernel.
//
// Each function is the system call of its name, as in its manual page: -1 and errno on failure.  Two things are added:
// EINTR is retried if nothing has happened yet, and a call without a wrapper in the C library is made by its number.
// Built with XATTR_CACHE_FAULTS, every call first asks a hook that may refuse it.  With it the tests fail the N-th call
// for every N (as SQLite's do: src/os_unix.c, "overridden at runtime to facilitate fault injection").

#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>

namespace xattr_cache::sys {

#ifdef XATTR_CACHE_FAULTS
// Called before each call with its name.  If it returns an errno, the call is not made and fails with that.
using FaultHook = int (*)(const char* syscall);
void SetFaultHook(FaultHook hook);
#endif

// The status of a file, from statx(2): fstat(2) would raise the lowest glibc that can load the addon.
struct FileStat {
  uint64_t size = 0;
  uint64_t blocks = 0;  // of 512 bytes
  uint64_t inode = 0;
  uint64_t device = 0;
  uint64_t mount_id = 0;  // 0 before Linux 5.8
  uint32_t mode = 0;
  uint32_t links = 0;
  timespec accessed{};
  timespec modified{};
  timespec born{};  // the epoch if the file system does not record it
  timespec made{};  // birth, or the last change if no birth is recorded; neither can be set

  bool regular() const { return S_ISREG(mode); }
  bool directory() const { return S_ISDIR(mode); }
  bool SameFileAs(const FileStat& other) const { return inode == other.inode && device == other.device; }
};

// For files of other programs: does not follow a symbolic link, or wait for the other end of a fifo.
inline constexpr int kReadExisting = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

// The errors of such an open for a symbolic link, a socket, and a device without a driver.
inline bool IsNoFile(int code) {
  return code == ELOOP || code == ENXIO || code == ENODEV;
}

int OpenAt(int directory, const char* path, int flags, mode_t mode = 0);
// openat2(2) with RESOLVE_CACHED: EAGAIN if the path is not in the kernel's cache, and opening it could wait.
int OpenCachedAt(int directory, const char* path, int flags);
int Close(int fd);
int Stat(int fd, FileStat* stat);
// Does not follow a symbolic link.
int StatAt(int directory, const char* name, FileStat* stat);
// Like StatAt, with only the fields of a listing, and without a request to a network file system's server.
int StatEntryAt(int directory, const char* name, FileStat* stat);
int StatFileSystem(int fd, struct statvfs* stat);
int CanWriteAt(int directory, const char* name);
int SetMode(int fd, mode_t mode);

ssize_t ReadAt(int fd, void* buffer, size_t size, off_t position);
// preadv2(2) with RWF_NOWAIT: EAGAIN, or a short count, instead of waiting for the disk.
ssize_t ReadCachedAt(int fd, void* buffer, size_t size, off_t position);
ssize_t WriteAt(int fd, const void* buffer, size_t size, off_t position);
int Truncate(int fd, off_t size);
// fallocate(2) with FALLOC_FL_KEEP_SIZE.
int Reserve(int fd, off_t size);
int CloneFile(int to, int from);

// Wait for the disk: SyncData for the bytes of a file and its size, SyncFile for all of a file, SyncFileSystem for all
// of its file system.  The last reports failed earlier writes once for each open file description.
int SyncData(int fd);
int SyncFile(int fd);
int SyncFileSystem(int fd);

// Gives an open file a name.  Uses AT_EMPTY_PATH, or /proc/self/fd if that is refused: kernels before 6.10 require
// CAP_DAC_READ_SEARCH for it.
int LinkFile(int fd, int directory, const char* name);
int RenameAt(int from_directory, const char* from, int to_directory, const char* to);
int UnlinkAt(int directory, const char* name);
int MakeDirectoryAt(int directory, const char* name, mode_t mode);

// Exclusive and shared flock(2), without waiting: EWOULDBLOCK.
int LockExclusive(int fd);
int LockShared(int fd);
int Unlock(int fd);

// Take a shared lock of an open file description (fcntl(2), F_OFD_SETLK) on all of the file, and test whether another
// description has one.  On a local file system, flock(2) does not see these locks.  Without such locks: ENOSYS.
int LockAsReader(int fd);
int HasOtherReaders(int fd);

ssize_t GetAttribute(int fd, const char* name, void* value, size_t size);
ssize_t GetAttributeOfPath(const char* path, const char* name, void* value, size_t size);
// getxattrat(2), Linux 6.13.  Does not follow a symbolic link.
ssize_t GetAttributeAt(int directory, const char* name, const char* attribute, void* value, size_t size);
int SetAttribute(int fd, const char* name, const void* value, size_t size);
int SetAttributeOfPath(const char* path, const char* name, const void* value, size_t size);
int RemoveAttribute(int fd, const char* name);

// utimensat(2) on an open file.
int SetTimes(int fd, const timespec& accessed, const timespec& modified);

// Raw getdents64(2) records, at most `size` bytes of them; 0 at the end.
ssize_t ReadEntries(int fd, void* buffer, size_t size);

ssize_t RandomBytes(void* buffer, size_t size);

// CLOCK_REALTIME in the clock's own nanoseconds.  Cannot fail, and does not enter the kernel.
timespec Now();
// CLOCK_BOOTTIME: since the machine booted, suspended time included.
timespec SinceBoot();

}  // namespace xattr_cache::sys
