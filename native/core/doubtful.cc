#include "core/doubtful.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/image_reader.h"
#include "core/image_scan.h"
#include "posix/directory_walk.h"
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

// Calls `visit(id, row, part)` for each doubtful image.  Returns the latest change of the others.
Result<int64_t> VisitDoubtful(const CacheDirectory& directory, int64_t until_ns, const VisitImage& visit) {
  int64_t latest_ns[DirectoryWalk::kParts] = {};
  const Status visited = VisitImages(directory, [&](const char* id, const ImageRow& row, size_t part) {
    const int64_t changed_ns = std::max(row.modified_ns, row.born_ns);
    if (changed_ns <= until_ns || WasSynced(directory, id)) {
      latest_ns[part] = std::max(latest_ns[part], changed_ns);
    } else {
      visit(id, row, part);
    }
  });
  if (!visited.ok()) return visited.error();
  return std::max(latest_ns[0], latest_ns[1]);
}

}  // namespace

Result<Doubtful> FindDoubtful(const CacheDirectory& directory, int64_t until_ns) {
  ImageList parts[DirectoryWalk::kParts];
  const auto latest_ns = VisitDoubtful(
      directory, until_ns, [&](const char* id, const ImageRow& row, size_t part) { parts[part].Add(id, row); });
  if (!latest_ns.ok()) return latest_ns.error();
  parts[0].Append(parts[1]);
  return Doubtful{std::move(parts[0]), latest_ns.value()};
}

Result<Tally> CountDoubtful(const CacheDirectory& directory, int64_t until_ns) {
  Tally parts[DirectoryWalk::kParts];
  const auto latest_ns =
      VisitDoubtful(directory, until_ns, [&](const char*, const ImageRow& row, size_t part) { parts[part].Add(row); });
  if (!latest_ns.ok()) return latest_ns.error();
  return Tally{parts[0].images + parts[1].images, parts[0].bytes + parts[1].bytes};
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
