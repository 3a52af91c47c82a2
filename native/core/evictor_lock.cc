#include "core/evictor_lock.h"

#include <fcntl.h>

#include "core/corner.h"

namespace xattr_cache {

namespace {

Result<UniqueFd> OpenOrMake(int base) {
  const auto corner = Corner::Open(base);
  if (!corner.ok()) return corner.error();
  return corner.value().OpenShared(base, "evictor", O_RDONLY);
}

}  // namespace

Result<EvictorLock> EvictorLock::TryAcquire(const CacheDirectory& directory) {
  auto file = OpenOrMake(directory.base());
  if (file.failed_with(ENOSPC) || file.failed_with(EDQUOT)) return EvictorLock(UniqueFd(), std::nullopt);
  if (!file.ok()) return file.error();
  auto lock = FileLock::TryAcquire(file.value().get());
  if (!lock.ok() && !LocksAreMissing(lock.error())) return lock.error();
  std::optional<FileLock> held;
  if (lock.ok()) held = std::move(lock.value());
  return EvictorLock(std::move(file.value()), std::move(held));
}

}  // namespace xattr_cache
