// The lock of the file DIR/.xattr-cache/evictor: the one process that evicts for all others.

#pragma once

#include <optional>

#include "core/cache_directory.h"
#include "posix/file_lock.h"
#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

class [[nodiscard]] EvictorLock {
 public:
  // EWOULDBLOCK if another process has it.  Where there are no locks, and on a disk too full for the file, every
  // process gets it: then more than one looks for victims, and the eviction lock keeps them from removing too many.
  static Result<EvictorLock> TryAcquire(const CacheDirectory& directory);

 private:
  EvictorLock(UniqueFd file, std::optional<FileLock> lock) : file_(std::move(file)), lock_(std::move(lock)) {}

  UniqueFd file_;
  std::optional<FileLock> lock_;
};

}  // namespace xattr_cache
