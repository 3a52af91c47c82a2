#include "core/freed_space.h"

#include <fcntl.h>

#include "posix/syscalls.h"

namespace xattr_cache {

Status ShowFreedSpace(const CacheDirectory& directory, uint64_t bytes) {
  const auto balance = directory.reservations().Measure(directory.base());
  if (!balance.ok()) return balance.error();
  if (!balance.value().has_value()) return Done{};
  const bool enough = balance.value()->free_bytes >= bytes && FindExcess(*balance.value(), 1).disk_bytes == 0;
  if (enough) return Done{};
  // On a descriptor of its own: those of checkpoints must hear of failed writes.
  const UniqueFd own(sys::OpenAt(directory.base(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own.valid()) return SysError::Last("openat");
  (void)sys::SyncFileSystem(own.get());
  return Done{};
}

}  // namespace xattr_cache
