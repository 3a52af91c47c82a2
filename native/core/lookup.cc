#include "core/lookup.h"

#include <fcntl.h>

#include "core/counter.h"
#include "core/image_reader.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/unique_fd.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

// An empty file may be a writer's token that a foreign writer renamed; only opening it tells.
Result<ImageState> FindEmptyImage(const CacheDirectory& directory, const char* id) {
  const auto image = OpenImageFile(directory, id, Waiting::kAllowed);
  if (image.ok()) return ImageState{true, image.value().stat.size};
  if (image.failed_with(ENOENT)) return ImageState{};
  if (image.failed_with(EACCES)) return ImageState{true, 0};
  return image.error();
}

}  // namespace

Result<ImageState> FindImage(const CacheDirectory& directory, const char* id) {
  sys::FileStat stat;
  auto found = FindImageFile(directory, id, &stat);
  if (!found.ok() || !found.value().cached || directory.Serves(stat)) return found;
  return ImageState{};
}

Result<ImageState> FindImageFile(const CacheDirectory& directory, const char* id, sys::FileStat* stat) {
  if (sys::StatAt(directory.base(), id, stat) != 0) {
    if (errno == ENOENT) return ImageState{};
    return SysError::Last("statx");
  }
  if (!stat->regular()) return ImageState{};
  if (stat->size == 0) return FindEmptyImage(directory, id);
  return ImageState{true, stat->size};
}

Result<int64_t> ReadHits(const CacheDirectory& directory, const char* id) {
  const auto image = OpenImageFile(directory, id, Waiting::kAllowed);
  if (image.failed_with(ENOENT)) return int64_t{0};
  if (!image.ok()) return image.error();
  return ReadCounter(image.value().fd.get(), kHitsAttribute);
}

Result<bool> IsQueued(const CacheDirectory& directory, const char* id) {
  sys::FileStat stat;
  if (sys::StatAt(directory.queue(), id, &stat) == 0) return stat.regular();
  if (errno == ENOENT) return false;
  return SysError::Last("statx");
}

Result<bool> DeleteImage(const CacheDirectory& directory, const char* id) {
  const Status data = UnlinkDataOfWriter(directory, id);
  if (!data.ok()) return data.error();
  return Unlink(directory.base(), id);
}

Result<bool> QueueImage(const CacheDirectory& directory, const char* id, const StallRule& rule) {
  const auto image = FindImage(directory, id);
  if (!image.ok()) return image.error();
  if (image.value().cached) return false;

  const auto holder = FindHolder(directory, id, rule);
  if (!holder.ok()) return holder.error();
  if (holder.value() == Holder::kLiveWriter || holder.value() == Holder::kForeignWriter) return false;

  const UniqueFd request(
      sys::OpenAt(directory.queue(), id, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!request.valid()) {
    if (errno == EEXIST) return false;
    return SysError::Last("openat");
  }
  // The kernel's own time of creation has the resolution of a tick, 4 ms, within which the order would be lost.
  const timespec now = sys::Now();
  (void)sys::SetTimes(request.get(), now, now);

  // Committed between the first look and the request: no other step would remove the request.
  const auto again = FindImage(directory, id);
  if (!again.ok() || !again.value().cached) return true;
  const auto withdrawn = DequeueImage(directory, id);
  if (!withdrawn.ok()) return withdrawn.error();
  return false;
}

Result<bool> DequeueImage(const CacheDirectory& directory, const char* id) {
  return Unlink(directory.queue(), id);
}

}  // namespace xattr_cache
