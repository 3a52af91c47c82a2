#include "core/invalid_limit.h"

#include "core/image_list.h"
#include "posix/directory_walk.h"
#include "posix/file_times.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

constexpr uint64_t kSpare = 20;  // One part in so many.

InvalidTotals WithRoom(const InvalidTotals& limits) {
  return {limits.files - limits.files / kSpare, limits.size - limits.size / kSpare};
}

bool Exceeds(const InvalidTotals& totals, const InvalidTotals& limits) {
  return totals.files > limits.files || totals.size > limits.size;
}

// All files except dot files, which are not ours.
Result<ImageList> ListFiles(int directory) {
  auto walk = DirectoryWalk::Open(directory);
  if (!walk.ok()) return walk.error();
  ImageList list;
  while (true) {
    const auto entry = walk.value().Next();
    if (!entry.ok()) return entry.error();
    if (!entry.value().has_value()) break;
    sys::FileStat stat;
    if (entry.value()->view().front() == '.') continue;
    if (sys::StatAt(directory, entry.value()->name, &stat) != 0) {
      if (errno == ENOENT) continue;
      return SysError::Last("statx");
    }
    if (stat.directory()) continue;
    ImageRow row;
    row.size = stat.size;
    row.modified_ns = ToNanoseconds(stat.modified);
    list.Add(entry.value()->view(), row);
  }
  list.SortByAge();
  return list;
}

}  // namespace

Result<InvalidTotals> TrimInvalid(const CacheDirectory& directory, const InvalidTotals& limits) {
  const auto list = ListFiles(directory.invalid());
  if (!list.ok()) return list.error();
  InvalidTotals totals;
  for (size_t i = 0; i < list.value().size(); i++) {
    totals.files++;
    totals.size += list.value().row(i).size;
  }
  if (!Exceeds(totals, limits)) return totals;

  const InvalidTotals target = WithRoom(limits);
  for (size_t i = 0; i < list.value().size() && Exceeds(totals, target); i++) {
    const ImageRow& row = list.value().row(i);
    const auto gone = Unlink(directory.invalid(), list.value().c_name(row));
    if (!gone.ok()) return gone.error();
    totals.files--;
    totals.size -= row.size;
  }
  return totals;
}

}  // namespace xattr_cache
