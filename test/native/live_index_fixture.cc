#include "live_index_fixture.h"

#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "core/image_scan.h"
#include "harness.h"

namespace testing {

using namespace xattr_cache;

std::unique_ptr<LiveIndex> BuildIndex(const Cache& cache) {
  const std::atomic<bool> stop{false};
  auto live = LiveIndex::Build(cache.shared(), stop);
  if (!live.ok()) std::abort();
  return std::move(live.value());
}

std::string DifferenceFromWalk(const LiveIndex& live, const Cache& cache) {
  const auto walk = WalkImages(cache.directory(), /*with_hits=*/false);
  if (!walk.ok()) return Describe(walk.error());
  uint64_t size = 0;
  for (size_t i = 0; i < walk.value().size(); i++) size += walk.value().row(i).size;
  if (live.images() == walk.value().size() && live.size() == size) return "";
  return std::to_string(live.images()) + " images of " + std::to_string(live.size()) + " bytes, not " +
         std::to_string(walk.value().size()) + " of " + std::to_string(size);
}

std::string ColdestOfWalk(const Cache& cache) {
  const auto walk = WalkImages(cache.directory(), /*with_hits=*/false);
  if (!walk.ok()) return Describe(walk.error());
  std::optional<EvictionOrder> coldest;
  for (size_t i = 0; i < walk.value().size(); i++) {
    const EvictionOrder order = walk.value().order(walk.value().row(i));
    if (!coldest.has_value() || order < *coldest) coldest = order;
  }
  return coldest.has_value() ? std::string(coldest->name) : "(none)";
}

std::string ColdestOf(LiveIndex& live) {
  const auto coldest = live.Coldest();
  if (!coldest.ok()) return Describe(coldest.error());
  return coldest.value().has_value() ? coldest.value()->id : "(none)";
}

std::string Evict(LiveIndex& live, const Cache& cache, size_t count) {
  std::string ids;
  live.BeginRound();
  while (count > 0) {
    const auto candidate = live.Coldest();
    if (!candidate.ok()) continue;
    if (!candidate.value().has_value()) break;
    const std::string& id = candidate.value()->id;
    const auto removal = RemoveVictim(cache.directory(), id.c_str(), candidate.value()->row);
    live.Settle(*candidate.value(), removal);
    if (!removal.ok() || removal.value().outcome != Removal::Outcome::kRemoved) continue;
    ids += (ids.empty() ? "" : " ") + id;
    count--;
  }
  return ids;
}

bool Overflow(const Cache& cache) {
  const auto limit = ReadFile("/proc/sys/fs/inotify/max_queued_events");
  const int most = std::atoi(limit.value_or("0").c_str());
  if (most == 0 || most > 100'000) return false;
  const std::string from = cache.Path("incomplete/.source");
  const std::string to = cache.Path("overflow");
  WriteFile(from, "");
  for (int i = 0; i <= most / 2; i++) {
    if (::link(from.c_str(), to.c_str()) != 0 || ::unlink(to.c_str()) != 0) std::abort();
  }
  return ::unlink(from.c_str()) == 0;
}

}  // namespace testing
