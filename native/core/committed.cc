#include "core/committed.h"

#include "core/corner.h"
#include "core/counter.h"
#include "posix/file_lock.h"
#include "posix/xattr.h"

namespace xattr_cache {

Result<int64_t> AddCommitted(const CacheDirectory& directory, int64_t size) {
  const auto corner = Corner::Open(directory.base());
  if (!corner.ok()) return corner.error();
  const auto lock = FileLock::TryAcquire(corner.value().fd());
  if (!lock.ok()) return lock.error();
  return AddToCounter(corner.value().fd(), kCommittedAttribute, size);
}

}  // namespace xattr_cache
