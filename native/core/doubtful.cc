#include "core/doubtful.h"

#include <algorithm>
#include <string>

#include "core/image_reader.h"
#include "core/image_scan.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

// False also for one that is gone, or cannot be looked at.
bool WasSynced(const CacheDirectory& directory, const char* id) {
  const auto image = OpenImageFile(directory, id, Waiting::kAllowed);
  if (!image.ok()) return false;
  const auto mark = ReadAttribute(image.value().fd.get(), kSyncedAttribute);
  return mark.ok() && mark.value() == std::to_string(image.value().stat.inode);
}

}  // namespace

Result<Doubtful> FindDoubtful(const CacheDirectory& directory, int64_t until_ns) {
  const auto all = WalkImages(directory, /*with_hits=*/false);
  if (!all.ok()) return all.error();
  Doubtful doubtful;
  for (size_t i = 0; i < all.value().size(); i++) {
    const ImageRow& row = all.value().row(i);
    const int64_t changed_ns = std::max(row.modified_ns, row.born_ns);
    if (changed_ns <= until_ns || WasSynced(directory, all.value().c_name(row))) {
      doubtful.latest_trusted_ns = std::max(doubtful.latest_trusted_ns, changed_ns);
    } else {
      doubtful.images.Add(all.value().name(row), row);
    }
  }
  return doubtful;
}

Result<bool> Drop(const CacheDirectory& directory, const char* id, const ImageRow& row) {
  sys::FileStat stat;
  if (sys::StatAt(directory.base(), id, &stat) != 0) {
    if (errno == ENOENT) return false;
    return SysError::Last("statx");
  }
  if (stat.inode != row.inode) return false;
  return Unlink(directory.base(), id);
}

}  // namespace xattr_cache
