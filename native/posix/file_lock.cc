#include "posix/file_lock.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <thread>

#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

using Clock = std::chrono::steady_clock;

// Critical sections are a few system calls long, so start well below a scheduler tick.
constexpr std::chrono::microseconds kFirstBackoff{50};
constexpr std::chrono::microseconds kLongestBackoff{2000};

}  // namespace

Result<FileLock> FileLock::TryAcquire(int fd) {
  if (sys::LockExclusive(fd) == 0) return FileLock(fd);
  if (errno != EBADF) return SysError::Last("flock");

  char path[32];
  std::snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  UniqueFd writable(sys::OpenAt(AT_FDCWD, path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!writable.valid()) return SysError::Last("openat");
  if (sys::LockExclusive(writable.get()) != 0) return SysError::Last("flock");
  FileLock lock(writable.get());
  lock.writable_ = std::move(writable);
  return lock;
}

Result<FileLock> FileLock::Acquire(int fd, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  auto backoff = kFirstBackoff;

  while (true) {
    auto lock = TryAcquire(fd);
    if (!lock.failed_with(EWOULDBLOCK)) return lock;
    if (Clock::now() >= deadline) return SysError{ETIMEDOUT, "flock"};
    std::this_thread::sleep_for(backoff);
    backoff = std::min(backoff * 2, kLongestBackoff);
  }
}

void FileLock::Release() {
  if (fd_ >= 0) sys::Unlock(std::exchange(fd_, -1));
}

bool LocksAreMissing(const SysError& error) {
  return std::string_view(error.syscall) == "flock" &&
         (error.code == ENOLCK || error.code == EOPNOTSUPP || error.code == ENOSYS || error.code == EINVAL);
}

Result<bool> IsLocked(int fd) {
  if (sys::LockShared(fd) != 0) {
    if (errno == EWOULDBLOCK) return true;
    return SysError::Last("flock");
  }
  sys::Unlock(fd);
  return false;
}

}  // namespace xattr_cache
