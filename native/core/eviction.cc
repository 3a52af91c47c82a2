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

// On a disk that is full, for lack of a better number.
constexpr uint64_t kLeastFreed = uint64_t{1} << 20;

bool IsFull(const SysError& error) {
  return error.code == ENOSPC || error.code == EDQUOT;
}

// The outcome that a dry run reports.
Result<Removal> PretendRemoval(const CacheDirectory& directory, const char* id) {
  const auto image = OpenImageFile(directory, id, Waiting::kAllowed);
  if (image.failed_with(ENOENT)) return Removal{Removal::Outcome::kGone};
  if (!image.ok()) return image.error();
  const auto hits = ReadCounter(image.value().fd.get(), kHitsAttribute);
  return Removal{Removal::Outcome::kRemoved, hits.ok() ? hits.value() : 0};
}

}  // namespace

Result<Eviction> Eviction::Begin(std::shared_ptr<const CacheDirectory> directory, uint64_t target_size, bool dry_run) {
  Eviction eviction(std::move(directory));
  eviction.dry_run_ = dry_run;
  const Status walked = eviction.Walk();
  if (!walked.ok()) return walked.error();
  if (eviction.total_ > target_size) eviction.needed_.cache.bytes = eviction.total_ - target_size;
  eviction.Order();
  return eviction;
}

Result<Eviction> Eviction::BeginForLimits(std::shared_ptr<const CacheDirectory> directory, const ForLimits& how) {
  Eviction eviction(std::move(directory));
  eviction.dry_run_ = how.dry_run;
  const int base = eviction.directory_->base();
  Reservations& reservations = eviction.directory_->reservations();
  const auto mark = reservations.BeginWalk(base);
  if (!mark.ok() && !IsFull(mark.error())) return mark.error();
  const Status walked = eviction.Walk();
  if (!walked.ok()) return walked.error();
  const auto invalid = SumInvalid(*eviction.directory_);
  if (!invalid.ok()) return invalid.error();
  const auto lock = eviction.TryLock();
  if (!lock.ok()) return lock.error();
  const Space held{eviction.total_ + invalid.value(), eviction.images_.size()};
  const Status told = mark.ok() ? reservations.Found(base, mark.value(), held) : mark.error();
  if (!told.ok() && !IsFull(told.error())) return told.error();

  if (told.ok()) {
    const auto balance = reservations.Measure(base);
    if (!balance.ok()) return balance.error();
    if (balance.value().has_value()) eviction.KeepLimits(*balance.value(), reservations.high_watermark(), how);
  } else {
    // The disk has no room for the reservations themselves.
    eviction.needed_ = how.extra;
    eviction.needed_.disk_bytes = std::max(how.extra.disk_bytes, kLeastFreed);
    eviction.limit_ = Limit::kFreeBytes;
  }
  eviction.Order();
  return eviction;
}

void Eviction::KeepLimits(Balance balance, double high_watermark, const ForLimits& how) {
  balance.wanted = balance.wanted + how.wanted;
  const Excess& extra = how.extra;
  needed_ = FindExcess(balance, 1);
  // Twice as far below the limits as the high watermark.
  if (how.in_advance) spare_ = FindExcess(balance, std::max(0.0, 2 * high_watermark - 1));
  limit_ = needed_.empty() ? spare_.limit : needed_.limit;
  needed_.cache.images = std::max(needed_.cache.images, extra.cache.images);
  needed_.cache.bytes = std::max(needed_.cache.bytes, extra.cache.bytes);
  needed_.disk_bytes = std::max(needed_.disk_bytes, extra.disk_bytes);
  needed_.inodes = std::max(needed_.inodes, extra.inodes);
  // A cache of few large images would lose one of them for nothing.
  const double headroom = 1 - high_watermark;
  small_ = balance.limits.bytes == UINT64_MAX
               ? UINT64_MAX
               : static_cast<uint64_t>(static_cast<double>(balance.limits.bytes) * headroom);
  if (balance.limits.images != UINT64_MAX && static_cast<double>(balance.limits.images) * headroom < 1) small_ = 0;
}

Status Eviction::Walk() {
  auto images = WalkImages(*directory_, /*with_hits=*/false);
  if (!images.ok()) return images.error();
  images_ = std::move(images.value());
  for (size_t i = 0; i < images_.size(); i++) total_ += images_.row(i).size;
  return Done{};
}

// Prepares the selection of victims, if there is to be one.
void Eviction::Order() {
  if (needed_.empty() && (spare_.empty() || small_ == 0)) return;
  heap_.resize(images_.size());
  for (uint32_t i = 0; i < heap_.size(); i++) heap_[i] = i;
  std::ranges::make_heap(heap_, [this](uint32_t a, uint32_t b) { return Colder(b, a); });
}

bool Eviction::done() const {
  if (heap_.empty()) return true;
  if (!needed_.empty()) return false;
  return spare_.empty() || images_.row(heap_.front()).size > small_;
}

// Nothing where locks do not work.
Result<std::optional<FileLock>> Eviction::TryLock() {
  if (!lock_file_.valid()) {
    auto file = directory_->OpenPruneLock();
    if (!file.ok()) return file.error();
    lock_file_ = std::move(file.value());
  }
  auto lock = FileLock::TryAcquire(lock_file_.get());
  if (lock.ok()) return std::optional(std::move(lock.value()));
  if (LocksAreMissing(lock.error())) return std::optional<FileLock>();
  return lock.error();
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

Result<Removal> Eviction::Remove(const ImageRow& row) const {
  const char* id = images_.c_name(row);
  return dry_run_ ? PretendRemoval(*directory_, id) : RemoveVictim(*directory_, id, row);
}

void Eviction::Took(const ImageRow& row) {
  for (Excess* excess : {&needed_, &spare_}) {
    excess->cache = excess->cache - Space{row.size, 1};
    excess->disk_bytes -= std::min(excess->disk_bytes, row.allocated);
    excess->inodes -= std::min(excess->inodes, uint64_t{1});
  }
}

void Eviction::Replaced(uint64_t old_size, uint64_t new_size) {
  for (Excess* excess : {&needed_, &spare_}) {
    if (new_size > old_size && excess->cache.bytes > 0) excess->cache.bytes += new_size - old_size;
    if (new_size < old_size) excess->cache = excess->cache - Space{old_size - new_size, 0};
  }
}

Result<Eviction::Evicted> Eviction::Step(size_t limit) {
  std::optional<FileLock> lock;
  if (!dry_run_) {
    auto taken = TryLock();
    if (!taken.ok()) return taken.error();
    lock = std::move(taken.value());
  }
  Evicted evicted;
  Space removed;
  int64_t youngest_ns = INT64_MIN;
  for (size_t looked = 0; looked < limit && !done(); looked++) {
    ImageRow row = images_.row(PopColdest());
    const auto removal = Remove(row);
    if (!removal.ok()) {
      if (!evicted.problem.has_value()) evicted.problem = removal.error().On(images_.name(row));
      continue;
    }
    switch (removal.value().outcome) {
      case Removal::Outcome::kRemoved:
        row.hits = removal.value().hits;
        evicted.images.Add(images_.name(row), row);
        Took(row);
        removed = removed + Space{row.size, 1};
        youngest_ns = std::max(youngest_ns, row.recency_ns);
        break;
      case Removal::Outcome::kGone:
        Took(row);  // Another process has freed this space.
        break;
      case Removal::Outcome::kReplaced:
        Replaced(row.size, removal.value().stat.size);
        break;
      case Removal::Outcome::kInUse:
      case Removal::Outcome::kRead:
        break;
    }
  }
  if (dry_run_ || removed.empty()) return evicted;
  // A hint: without it, the next walk is due earlier.
  const int64_t age_ns = std::max(int64_t{0}, ToNanoseconds(sys::Now()) - youngest_ns);
  (void)directory_->reservations().Removed(directory_->base(), removed, age_ns);
  return evicted;
}

}  // namespace xattr_cache
