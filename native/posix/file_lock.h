// Exclusive advisory lock on an open file, held for the lifetime of the object.

#pragma once

#include <chrono>
#include <utility>

#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

class [[nodiscard]] FileLock {
 public:
  // Takes an exclusive flock(2) on `fd`.  Fails with EWOULDBLOCK if the file is locked; never waits.  NFS requires a
  // writable descriptor: there the file is opened once more.
  //
  // `fd` must stay open for as long as the returned lock lives.
  static Result<FileLock> TryAcquire(int fd);

  // Waits up to `timeout`, sleeping between tries.  Fails with ETIMEDOUT if the lock is still held then.
  //
  // For callers that own their thread.  On the event loop and in the shared pool, another process's lock must not delay
  // other work: there, use TryAcquire and try again later.
  static Result<FileLock> Acquire(int fd, std::chrono::milliseconds timeout);

  FileLock(FileLock&& other) noexcept : writable_(std::move(other.writable_)), fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(writable_, other.writable_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Unlocks explicitly: closing alone would leave the lock with a forked child, and reaches a network file system late.
  ~FileLock() { Release(); }

  // Unlocks now.
  void Release();

 private:
  explicit FileLock(int fd) : fd_(fd) {}

  UniqueFd writable_;  // The descriptor that holds the lock, where the borrowed one cannot.
  int fd_;             // The one that holds it; -1 once released or moved from.
};

// Whether the error means that the file system has no locks, and not that one lock failed.
bool LocksAreMissing(const SysError& error);

// Whether any lock is held on `fd`.  A prober takes the shared lock for a moment, so that concurrent probers do not
// mistake each other for the holder.
Result<bool> IsLocked(int fd);

}  // namespace xattr_cache
