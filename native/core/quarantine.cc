#include "core/quarantine.h"

#include "core/publish.h"
#include "posix/file_lock.h"
#include "posix/syscalls.h"

namespace xattr_cache {

Result<bool> Quarantine(const CacheDirectory& directory, const char* id, int fd, std::string_view reason) {
  const auto lock = FileLock::TryAcquire(fd);
  if (!lock.ok() && !LocksAreMissing(lock.error())) return lock.error();

  sys::FileStat there;
  sys::FileStat ours;
  if (sys::StatAt(directory.base(), id, &there) != 0) {
    if (errno == ENOENT) return false;
    return SysError::Last("statx");
  }
  if (sys::Stat(fd, &ours) != 0) return SysError::Last("statx");
  if (!there.SameFileAs(ours)) return false;

  RecordReason(fd, reason);
  if (sys::RenameAt(directory.base(), id, directory.invalid(), id) == 0) return true;
  if (errno == ENOENT) return false;
  return SysError::Last("renameat");
}

}  // namespace xattr_cache
