#include "core/live_index.h"

#include <utility>

#include "core/image_id.h"
#include "core/image_stat.h"
#include "posix/directory_walk.h"
#include "posix/file_times.h"
#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

// Names of a walk between two looks for events.  The kernel keeps 16,384 events.
constexpr uint32_t kWalkStep = 1024;

}  // namespace

Result<std::unique_ptr<LiveIndex>> LiveIndex::Build(std::shared_ptr<const CacheDirectory> directory,
                                                    const std::atomic<bool>& stop) {
  auto watch = DirectoryWatch::Open(directory->base());
  if (!watch.ok()) return watch.error();
  std::unique_ptr<LiveIndex> live(new LiveIndex(std::move(directory), std::move(watch.value())));
  const Status walked = live->Walk(stop);
  if (!walked.ok()) return walked.error();
  return live;
}

// A name that the walk reads late is looked at late: after each change whose event was read before.
Status LiveIndex::Walk(const std::atomic<bool>& stop) {
  auto walk = DirectoryWalk::Open(directory_->base());
  if (!walk.ok()) return walk.error();
  for (uint32_t names = 1;; names++) {
    if (stop.load()) return SysError{ECANCELED, "getdents64"};
    const auto entry = walk.value().Next();
    if (!entry.ok()) return entry.error();
    if (entry.value().has_value() && entry.value()->MaybeRegular() && IsImageName(entry.value()->view())) {
      const auto seen = Refresh(entry.value()->name);
      if (!seen.ok()) return seen.error();
    }
    if (entry.value().has_value() && names % kWalkStep != 0) continue;
    const auto updated = Update();
    if (!updated.ok()) return updated.error();
    if (!updated.value()) return SysError{ESTALE, "inotify"};
    if (!entry.value().has_value()) return Done{};
  }
}

Result<bool> LiveIndex::Update() {
  if (stale_) return false;
  if (unseen_.has_value()) {
    const auto seen = Refresh(*unseen_);
    if (!seen.ok()) return seen.error();
    unseen_.reset();
  }
  while (true) {
    const auto event = watch_.Next();
    if (!event.ok()) return event.error();
    if (!event.value().has_value()) break;
    const Status handled = Handle(*event.value());
    if (!handled.ok()) return handled.error();
    if (stale_) return false;
  }
  const Status followed = FollowClock();
  if (!followed.ok()) return followed.error();
  return true;
}

Status LiveIndex::Handle(const WatchEvent& event) {
  switch (event.kind) {
    case WatchEvent::Kind::kLost:
      stale_ = true;
      return Done{};
    case WatchEvent::Kind::kPoke:
      poked_ = true;
      return Done{};
    case WatchEvent::Kind::kDisappeared:
      (void)index_.Erase(event.view());
      return Done{};
    case WatchEvent::Kind::kAppeared:
      break;
  }
  if (!IsImageName(event.view())) return Done{};
  std::string id(event.view());
  const auto seen = Refresh(id);
  if (seen.ok()) return Done{};
  unseen_ = std::move(id);
  return seen.error();
}

Result<std::optional<ImageRow>> LiveIndex::Refresh(const std::string& id) {
  const auto stat = StatImage(*directory_, id.c_str());
  if (!stat.ok()) return stat.error().On(id);
  if (!stat.value().has_value()) {
    (void)index_.Erase(id);
    return std::optional<ImageRow>();
  }
  const ImageRow row = ToRow(*stat.value(), ReadClock());
  index_.Put(id, KeyOf(row));
  return std::optional(row);
}

Result<std::optional<LiveIndex::Candidate>> LiveIndex::Coldest() {
  const Status followed = FollowClock();
  if (!followed.ok()) return followed.error();
  // Readers that are faster than this could go on for ever.  The removal looks at the image again.
  const uint64_t most_looks = index_.images();
  for (uint64_t looks = 0;; looks++) {
    const auto coldest = index_.Coldest();
    if (!coldest.has_value()) return std::optional<Candidate>();
    const EvictionKey expected = coldest->key;
    Candidate candidate{coldest->name, {}};
    const auto row = Refresh(candidate.id);
    if (!row.ok()) {
      index_.SetAside(candidate.id);
      return row.error();
    }
    if (!row.value().has_value()) continue;
    if (KeyOf(*row.value()) > expected && looks < most_looks) continue;
    candidate.row = *row.value();
    return std::optional(std::move(candidate));
  }
}

void LiveIndex::Settle(const Candidate& candidate, const Result<Removal>& removal) {
  const bool stays = !removal.ok() || removal.value().outcome == Removal::Outcome::kInUse;
  if (stays) index_.SetAside(candidate.id);
  // Of a removed image, too: its name may be another one's by now.
  if (!Refresh(candidate.id).ok()) index_.SetAside(candidate.id);
}

int64_t LiveIndex::ReadClock() {
  const int64_t now_ns = ToNanoseconds(sys::Now());
  if (now_ns < clock_ns_) clock_set_back_ = true;
  clock_ns_ = now_ns;
  return now_ns;
}

// After the clock was set back, a time that has become one in the future does not count any more, so that the image may
// be colder than the index has it.
Status LiveIndex::FollowClock() {
  const int64_t now_ns = ReadClock();
  if (!std::exchange(clock_set_back_, false)) return Done{};
  for (uint32_t i = index_.images(); i-- > 0;) {
    const ImageIndex::Image image = index_.At(i);
    if (image.key.recency_ns <= now_ns) continue;
    const auto seen = Refresh(image.name);
    if (seen.ok()) continue;
    clock_set_back_ = true;
    return seen.error();
  }
  return Done{};
}

}  // namespace xattr_cache
