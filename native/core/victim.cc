#include "core/victim.h"

#include "core/counter.h"
#include "core/image_reader.h"
#include "posix/file_lock.h"
#include "posix/file_times.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

using Outcome = Removal::Outcome;

// Not by recency, which moves with the clock for a time in the future.
bool HasTimesOf(const sys::FileStat& stat, const ImageRow& row) {
  return ToNanoseconds(stat.accessed) == row.accessed_ns && ToNanoseconds(stat.modified) == row.modified_ns;
}

// ENOENT from any call means the same: another process has removed the image.
Result<Removal> GoneOr(SysError error) {
  if (error.code == ENOENT) return Removal{Outcome::kGone};
  return error;
}

}  // namespace

Result<Removal> RemoveVictim(const CacheDirectory& directory, const char* id, const ImageRow& seen) {
  const auto image = OpenImageFile(directory, id, Waiting::kAllowed);
  if (!image.ok()) return GoneOr(image.error());
  const int fd = image.value().fd.get();

  // It is in use, and not the coldest after its hit.  Waiting is not an option: 64 locked images would occupy a thread
  // for long.
  const auto lock = FileLock::TryAcquire(fd);
  if (lock.failed_with(EWOULDBLOCK)) return Removal{Outcome::kInUse, 0, image.value().stat};

  sys::FileStat there;
  if (sys::StatAt(directory.base(), id, &there) != 0) return GoneOr(SysError::Last("statx"));
  if (there.inode != seen.inode || !there.SameFileAs(image.value().stat)) {
    return Removal{Outcome::kReplaced, 0, there};
  }
  if (!HasTimesOf(there, seen)) return Removal{Outcome::kRead, 0, there};

  const auto hits = ReadCounter(fd, kHitsAttribute);
  if (sys::UnlinkAt(directory.base(), id) != 0) return GoneOr(SysError::Last("unlinkat"));
  return Removal{Outcome::kRemoved, hits.ok() ? hits.value() : 0};
}

}  // namespace xattr_cache
