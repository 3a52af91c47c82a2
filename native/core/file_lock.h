// Exclusive advisory lock on an open file, held for the lifetime of the object.

#pragma once

#include <chrono>
#include <utility>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xattr_cache {

class [[nodiscard]] FileLock {
 public:
  // Takes an exclusive flock(2) on `fd` if nobody holds it.  Fails with EWOULDBLOCK otherwise; never waits.  NFS wants
  // a descriptor that may write: there the file is opened once more.
  //
  // `fd` must stay open for as long as the returned lock lives.
  static Result<FileLock> TryAcquire(int fd);

  // Waits up to `timeout`, sleeping between tries.  Fails with ETIMEDOUT if the lock is still held then.
  //
  // For callers that own their thread: on the event loop or in the shared pool, where a stranger's lock must not hold
  // up anybody else, use TryAcquire and come back later.
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

// What a file system answers that has no locks, as opposed to what may go wrong with one.
bool LocksAreMissing(const SysError& error);

// Whether anybody holds a lock on `fd`.  A prober takes the shared lock for a moment, so that probers do not take each
// other for the holder.
Result<bool> IsLocked(int fd);

}  // namespace xattr_cache
