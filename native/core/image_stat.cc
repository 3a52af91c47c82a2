#include "core/image_stat.h"

#include "core/lookup.h"
#include "posix/file_times.h"

namespace xattr_cache {

namespace {

constexpr size_t kBlockSize = 512;  // of st_blocks

// A file that was removed between its name and this look at it.
bool IsGone(int code) {
  return code == ENOENT || code == ESTALE;
}

}  // namespace

Result<std::optional<sys::FileStat>> StatRegularFile(int directory, const char* name) {
  sys::FileStat stat;
  if (sys::StatEntryAt(directory, name, &stat) != 0) {
    if (IsGone(errno)) return std::optional<sys::FileStat>();
    return SysError::Last("statx");
  }
  return stat.regular() ? std::optional(stat) : std::nullopt;
}

Result<std::optional<sys::FileStat>> StatImage(const CacheDirectory& directory, const char* name) {
  auto stat = StatRegularFile(directory.base(), name);
  if (!stat.ok() || !stat.value().has_value() || stat.value()->size > 0) return stat;
  const auto image = FindImageFile(directory, name, &*stat.value());
  if (!image.ok()) return image.error();
  if (!image.value().cached) return std::optional<sys::FileStat>();
  return stat;
}

ImageRow ToRow(const sys::FileStat& stat, int64_t now_ns) {
  ImageRow row;
  row.size = stat.size;
  row.allocated = stat.blocks * kBlockSize;
  row.inode = stat.inode;
  row.accessed_ns = ToNanoseconds(stat.accessed);
  row.modified_ns = ToNanoseconds(stat.modified);
  row.recency_ns = Recency(stat, now_ns);
  row.born_ns = ToNanoseconds(stat.born);
  return row;
}

ImageRow ToRow(const sys::FileStat& stat) {
  return ToRow(stat, ToNanoseconds(sys::Now()));
}

}  // namespace xattr_cache
