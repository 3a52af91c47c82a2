#include "core/eviction.h"

#include <algorithm>

#include "core/counter.h"
#include "core/image_reader.h"
#include "core/image_scan.h"
#include "posix/file_times.h"
#include "posix/syscalls.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

// The row that a dry run reports.  ENOENT: the image is gone.
Result<std::optional<int64_t>> ReadHitsOfVictim(const CacheDirectory& directory, const char* id) {
  const auto image = OpenImageFile(directory, id, Waiting::kAllowed);
  if (!image.ok()) return image.error();
  const auto hits = ReadCounter(image.value().fd.get(), kHitsAttribute);
  return std::optional(hits.ok() ? hits.value() : 0);
}

// Not by recency, which moves with the clock for a time in the future.
bool HasTimesOf(const sys::FileStat& stat, const ImageRow& row) {
  return ToNanoseconds(stat.accessed) == row.accessed_ns && ToNanoseconds(stat.modified) == row.modified_ns;
}

}  // namespace

Result<Eviction> Eviction::Begin(std::shared_ptr<const CacheDirectory> directory, uint64_t target_size) {
  auto lock_file = directory->OpenPruneLock();
  if (!lock_file.ok()) return lock_file.error();
  auto lock = FileLock::TryAcquire(lock_file.value().get());
  if (!lock.ok() && !LocksAreMissing(lock.error())) return lock.error();

  Eviction eviction(std::move(directory), target_size);
  eviction.lock_file_ = std::move(lock_file.value());
  if (lock.ok()) eviction.lock_ = std::move(lock.value());
  const Status walked = eviction.Walk();
  if (!walked.ok()) return walked.error();
  return eviction;
}

Result<Eviction> Eviction::BeginDryRun(std::shared_ptr<const CacheDirectory> directory, uint64_t target_size) {
  Eviction eviction(std::move(directory), target_size);
  eviction.dry_run_ = true;
  const Status walked = eviction.Walk();
  if (!walked.ok()) return walked.error();
  return eviction;
}

Status Eviction::Walk() {
  auto images = WalkImages(*directory_, /*with_hits=*/false);
  if (!images.ok()) return images.error();
  images_ = std::move(images.value());

  heap_.resize(images_.size());
  for (uint32_t i = 0; i < heap_.size(); i++) {
    heap_[i] = i;
    total_ += images_.row(i).size;
  }
  if (total_ > target_) {
    std::ranges::make_heap(heap_, [this](uint32_t a, uint32_t b) { return Colder(b, a); });
  }
  return Done{};
}

bool Eviction::Colder(uint32_t a, uint32_t b) const {
  return images_.order(images_.row(a)) < images_.order(images_.row(b));
}

uint32_t Eviction::PopColdest() {
  std::ranges::pop_heap(heap_, [this](uint32_t a, uint32_t b) { return Colder(b, a); });
  const uint32_t coldest = heap_.back();
  heap_.pop_back();
  return coldest;
}

// Removes one image.  Returns nothing if it was read or replaced since the walk.  ENOENT: it is gone.  The image's lock
// is held, so that every hit is either in the returned count or finds the image gone.
Result<std::optional<int64_t>> Eviction::Remove(const ImageRow& row) {
  const std::optional<int64_t> stays;
  const char* id = images_.c_name(row);
  const auto image = OpenImageFile(*directory_, id, Waiting::kAllowed);
  if (!image.ok()) return image.error();
  const int fd = image.value().fd.get();

  // It is in use, and not the coldest after its hit.  Waiting is not an option: 64 locked images would occupy a thread
  // of the pool for long.
  const auto lock = FileLock::TryAcquire(fd);
  if (lock.failed_with(EWOULDBLOCK)) return stays;

  sys::FileStat there;
  if (sys::StatAt(directory_->base(), id, &there) != 0) return SysError::Last("statx");
  if (there.inode != row.inode) {
    total_ += there.size - row.size;  // Replaced; modulo 2^64, so that a smaller one subtracts.
    return stays;
  }
  if (!there.SameFileAs(image.value().stat) || !HasTimesOf(there, row)) return stays;

  const auto hits = ReadCounter(fd, kHitsAttribute);
  if (sys::UnlinkAt(directory_->base(), id) != 0) return SysError::Last("unlinkat");
  return std::optional(hits.ok() ? hits.value() : 0);
}

Eviction::Evicted Eviction::Step(size_t limit) {
  Evicted evicted;
  for (size_t looked = 0; looked < limit && !done(); looked++) {
    ImageRow row = images_.row(PopColdest());
    const auto hits = dry_run_ ? ReadHitsOfVictim(*directory_, images_.c_name(row)) : Remove(row);
    if (hits.failed_with(ENOENT)) {
      total_ -= row.size;  // Another process has freed this space.
      continue;
    }
    if (!hits.ok() && !evicted.problem.has_value()) {
      evicted.problem = hits.error().On(images_.name(row));
    }
    if (!hits.ok() || !hits.value().has_value()) continue;
    row.hits = *hits.value();
    total_ -= row.size;
    evicted.images.Add(images_.name(row), row);
  }
  return evicted;
}

}  // namespace xattr_cache
