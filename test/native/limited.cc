#include "limited.h"

#include <cstdlib>

#include "harness.h"

namespace testing {

using namespace xattr_cache;

std::string InWords(const Result<Verdict>& verdict) {
  constexpr const char* kWords[] = {"room", "crowded", "full", "behind", "too large", "unknown"};
  return verdict.ok() ? kWords[static_cast<int>(verdict.value())] : Describe(verdict.error());
}

std::string InWords(const Result<std::optional<Balance>>& balance) {
  if (!balance.ok()) return Describe(balance.error());
  if (!balance.value().has_value()) return "unknown";
  const auto text = [](const Space& space) { return std::to_string(space.bytes) + '/' + std::to_string(space.images); };
  return "held " + text(balance.value()->held) + ", reserved " + text(balance.value()->reserved);
}

Limited::Limited(const Cache& cache, const Limits& limits, double high_watermark) {
  auto directory = CacheDirectory::Open(cache.path().c_str());
  if (!directory.ok()) std::abort();
  directory_ = std::make_shared<const CacheDirectory>(std::move(directory.value()));
  reservations().SetLimits(base(), limits, high_watermark);
}

std::string Limited::Reserve(uint64_t bytes, int64_t since_ns) const {
  return InWords(reservations().Reserve(base(), {bytes, 1}, {}, since_ns));
}

void Limited::Settle(uint64_t reserved, uint64_t committed) const {
  reservations().Settle(base(), {reserved, 1}, reserved, {committed, committed > 0 ? uint64_t{1} : 0});
}

void Limited::Wait(int64_t since_ns, uint64_t bytes) const {
  if (!reservations().Wait(base(), since_ns, {bytes, bytes > 0 ? uint64_t{1} : 0}).ok()) std::abort();
}

void Limited::Walk(uint64_t bytes, uint64_t images) const {
  const auto mark = reservations().BeginWalk(base());
  if (!mark.ok() || !reservations().Found(base(), mark.value(), {bytes, images}).ok()) std::abort();
}

std::string Limited::Measure() const {
  return InWords(reservations().Measure(base()));
}

}  // namespace testing
