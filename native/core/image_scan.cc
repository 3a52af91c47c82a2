#include "core/image_scan.h"

#include <fcntl.h>

#include "core/counter.h"
#include "core/image_id.h"
#include "core/lookup.h"
#include "posix/file_times.h"
#include "posix/syscalls.h"
#include "posix/unique_fd.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

constexpr size_t kBlockSize = 512;  // of st_blocks
constexpr char kQueue[] = "queue/";

// A file that was removed between its name and this look at it.
bool IsGone(int code) {
  return code == ENOENT || code == ESTALE;
}

// Returns the next regular file with the name of an image, in UTF-8 or not; nothing at the end.
struct Found {
  DirectoryEntry entry;
  sys::FileStat stat;
};
Result<std::optional<Found>> NextFile(DirectoryWalk& walk, int directory) {
  while (true) {
    const auto entry = walk.Next();
    if (!entry.ok()) return entry.error();
    if (!entry.value().has_value()) return std::optional<Found>();
    Found found{*entry.value(), {}};
    if (!found.entry.MaybeRegular() || !IsImageName(found.entry.view())) continue;
    if (sys::StatEntryAt(directory, found.entry.name, &found.stat) != 0) {
      if (IsGone(errno)) continue;
      return SysError::Last("statx").On(found.entry.view());
    }
    if (found.stat.regular()) return std::optional(found);
  }
}

// The same in the directory of the images, where an empty file may be a writer's token.
Result<std::optional<Found>> NextImage(DirectoryWalk& walk, const CacheDirectory& directory) {
  while (true) {
    auto found = NextFile(walk, directory.base());
    if (!found.ok() || !found.value().has_value() || found.value()->stat.size > 0) return found;
    const auto image = FindImageFile(directory, found.value()->entry.name, &found.value()->stat);
    if (!image.ok()) return image.error().On(found.value()->entry.view());
    if (image.value().cached) return found;
  }
}

// Calls `visit(Found)` for each regular file of a part of the cache.
template <typename Visit>
Status VisitFiles(DirectoryWalk& walk, int directory, Visit visit) {
  while (true) {
    const auto found = NextFile(walk, directory);
    if (!found.ok()) return found.error();
    if (!found.value().has_value()) return Done{};
    visit(*found.value());
  }
}

template <typename Visit>
Status ForEachFile(int directory, Visit visit) {
  auto walk = DirectoryWalk::Open(directory);
  if (!walk.ok()) return walk.error();
  return VisitFiles(walk.value(), directory, visit);
}

// The same for each image.
template <typename Visit>
Status VisitFound(DirectoryWalk& walk, const CacheDirectory& directory, Visit visit) {
  while (true) {
    const auto found = NextImage(walk, directory);
    if (!found.ok()) return found.error();
    if (!found.value().has_value()) return Done{};
    visit(*found.value());
  }
}

template <typename Visit>
Status ForEachImage(const CacheDirectory& directory, Visit visit) {
  auto walk = DirectoryWalk::Open(directory.base());
  if (!walk.ok()) return walk.error();
  return VisitFound(walk.value(), directory, visit);
}

ImageRow ToRow(const sys::FileStat& stat) {
  ImageRow row;
  row.size = stat.size;
  row.allocated = stat.blocks * kBlockSize;
  row.inode = stat.inode;
  row.accessed_ns = ToNanoseconds(stat.accessed);
  row.modified_ns = ToNanoseconds(stat.modified);
  // The clock is read after the file: an image that is committed during a walk is not from the future.
  row.recency_ns = Recency(stat, ToNanoseconds(sys::Now()));
  row.born_ns = ToNanoseconds(stat.born);
  return row;
}

// 0 if the hits are missing or may not be read.
int64_t ReadHitsOf(int directory, const char* name) {
  char text[kLongestCounter];
  const ssize_t size = sys::GetAttributeAt(directory, name, kHitsAttribute, text, sizeof(text));
  if (size >= 0) return ParseCounter({text, static_cast<size_t>(size)});
  if (errno != ENOSYS && errno != EPERM) return 0;

  // Before Linux 6.13, or in a sandbox.
  const UniqueFd file(sys::OpenAt(directory, name, sys::kReadExisting));
  if (!file.valid()) return 0;
  const auto hits = ReadCounter(file.get(), kHitsAttribute);
  return hits.ok() ? hits.value() : 0;
}

std::string ReadErrorOf(int directory, const char* name) {
  const UniqueFd file(sys::OpenAt(directory, name, sys::kReadExisting));
  if (!file.valid()) return {};
  const auto text = ReadAttribute(file.get(), kErrorAttribute);
  return text.ok() ? text.value().value_or("") : "";
}

// Adds images to a list, until it has `limit` of them or there are no more.
Status TakeImages(DirectoryWalk& walk, const CacheDirectory& directory, size_t limit, bool with_hits, ImageList* list) {
  while (list->size() < limit) {
    const auto found = NextImage(walk, directory);
    if (!found.ok()) return found.error();
    if (!found.value().has_value()) break;
    const DirectoryEntry& entry = found.value()->entry;
    ImageRow row = ToRow(found.value()->stat);
    if (with_hits) row.hits = ReadHitsOf(directory.base(), entry.name);
    list->Add(entry.view(), row);
  }
  return Done{};
}

Result<uint64_t> CountFiles(int directory) {
  uint64_t count = 0;
  const Status walked = ForEachFile(directory, [&](const Found&) { count++; });
  if (!walked.ok()) return walked.error();
  return count;
}

}  // namespace

Result<ImageScan> ImageScan::Open(const CacheDirectory& directory) {
  auto walk = DirectoryWalk::Open(directory.base());
  if (!walk.ok()) return walk.error();
  return ImageScan(directory, std::move(walk.value()));
}

Result<ImageList> ImageScan::Next(size_t limit, bool with_hits) {
  ImageList list;
  const Status taken = TakeImages(walk_, *directory_, limit, with_hits, &list);
  if (!taken.ok()) return taken.error();
  return list;
}

Status VisitImages(const CacheDirectory& directory, const VisitImage& visit) {
  auto walk = DirectoryWalk::Open(directory.base());
  if (!walk.ok()) return walk.error();
  return walk.value().Share([&](DirectoryWalk& own, size_t part) {
    return VisitFound(own, directory, [&](const Found& found) { visit(found.entry.name, ToRow(found.stat), part); });
  });
}

Result<ImageList> WalkImages(const CacheDirectory& directory, bool with_hits) {
  auto walk = DirectoryWalk::Open(directory.base());
  if (!walk.ok()) return walk.error();
  ImageList parts[DirectoryWalk::kParts];
  const Status walked = walk.value().Share(
      [&](DirectoryWalk& own, size_t part) { return TakeImages(own, directory, SIZE_MAX, with_hits, &parts[part]); });
  if (!walked.ok()) return walked.error();
  parts[0].Append(parts[1]);
  return std::move(parts[0]);
}

Result<ImageList> ListImages(const CacheDirectory& directory) {
  auto list = WalkImages(directory, /*with_hits=*/true);
  if (list.ok()) list.value().SortByName();
  return list;
}

Result<ImageList> ListInvalid(const CacheDirectory& directory) {
  ImageList list;
  const Status walked = ForEachFile(directory.invalid(), [&](const Found& found) {
    list.Add(found.entry.view(), ToRow(found.stat), ReadErrorOf(directory.invalid(), found.entry.name));
  });
  if (!walked.ok()) return walked.error();
  list.SortByAge();
  return list;
}

Result<ImageList> ListQueue(const CacheDirectory& directory) {
  ImageList list;
  const Status walked = ForEachFile(directory.queue(), [&](const Found& found) {
    if (IsImageId(found.entry.view())) list.Add(found.entry.view(), ToRow(found.stat));
  });
  if (!walked.ok()) return walked.error();
  list.SortByAge();
  return list;
}

Result<uint64_t> SumImages(const CacheDirectory& directory) {
  auto walk = DirectoryWalk::Open(directory.base());
  if (!walk.ok()) return walk.error();
  uint64_t sums[DirectoryWalk::kParts] = {};
  const Status walked = walk.value().Share([&](DirectoryWalk& own, size_t part) -> Status {
    uint64_t sum = 0;  // Files of no bytes add nothing, images or not.
    Status visited = VisitFiles(own, directory.base(), [&](const Found& found) { sum += found.stat.size; });
    sums[part] = sum;
    return visited;
  });
  if (!walked.ok()) return walked.error();
  return sums[0] + sums[1];
}

Result<std::optional<ColdImage>> FindColdest(const CacheDirectory& directory) {
  std::optional<ColdImage> coldest;
  const Status walked = ForEachImage(directory, [&](const Found& found) {
    if (!IsImageId(found.entry.view())) return;
    const int64_t recency = Recency(found.stat, ToNanoseconds(sys::Now()));
    const EvictionOrder order{recency, found.stat.size, found.entry.view()};
    if (coldest.has_value() && order >= EvictionOrder{coldest->recency_ns, coldest->size, coldest->id}) return;
    coldest = ColdImage{std::string(found.entry.view()), found.stat.size, recency};
  });
  if (!walked.ok()) return walked.error();
  return coldest;
}

Result<uint64_t> DeleteAllImages(const CacheDirectory& directory) {
  ImageList list;
  const Status walked =
      ForEachImage(directory, [&](const Found& found) { list.Add(found.entry.view(), ToRow(found.stat)); });
  if (!walked.ok()) return walked.error();

  uint64_t deleted = 0;
  for (size_t i = 0; i < list.size(); i++) {
    const auto gone = DeleteImage(directory, list.c_name(list.row(i)));
    if (!gone.ok()) return gone.error().On(list.name(list.row(i)));
    if (gone.value()) deleted++;
  }
  return deleted;
}

Result<uint64_t> DequeueAll(const CacheDirectory& directory) {
  const auto list = ListQueue(directory);
  if (!list.ok()) return list.error();

  uint64_t removed = 0;
  for (size_t i = 0; i < list.value().size(); i++) {
    const auto gone = DequeueImage(directory, list.value().c_name(list.value().row(i)));
    if (!gone.ok()) return gone.error().On(kQueue + std::string(list.value().name(list.value().row(i))));
    if (gone.value()) removed++;
  }
  return removed;
}

Result<Usage> MeasureUsage(const CacheDirectory& directory) {
  Usage usage;
  const struct {
    int directory;
    uint64_t* count;
  } parts[] = {{directory.incomplete(), &usage.incomplete},
               {directory.invalid(), &usage.invalid},
               {directory.queue(), &usage.queued}};
  for (const auto& part : parts) {
    const auto count = CountFiles(part.directory);
    if (!count.ok()) return count.error();
    *part.count = count.value();
  }

  struct statvfs stat;
  if (sys::StatFileSystem(directory.base(), &stat) != 0) return SysError::Last("fstatfs");
  usage.free_bytes = static_cast<uint64_t>(stat.f_bavail) * stat.f_frsize;
  if (stat.f_files > 0) usage.free_inodes = stat.f_favail;
  return usage;
}

}  // namespace xattr_cache
