#include "core/limits.h"

#include <algorithm>
#include <cmath>

namespace xattr_cache {

namespace {

// Beyond it a double may not fit an integer.
constexpr uint64_t kLargestKept = uint64_t{1} << 62;

uint64_t PartOf(uint64_t limit, double part) {
  if (limit == UINT64_MAX || part >= 1) return limit;
  return static_cast<uint64_t>(std::floor(static_cast<double>(limit) * part));
}

uint64_t DividedBy(uint64_t limit, double part) {
  const double kept = static_cast<double>(limit) / part;
  return kept < static_cast<double>(kLargestKept) ? static_cast<uint64_t>(kept) : kLargestKept;
}

uint64_t Beyond(uint64_t value, uint64_t limit) {
  return value > limit ? value - limit : 0;
}

}  // namespace

Limits Limits::Strictest(const Limits& other) const {
  return {std::min(bytes, other.bytes), std::min(images, other.images), std::max(free_bytes, other.free_bytes),
          std::max(free_inodes, other.free_inodes)};
}

Excess FindExcess(const Balance& balance, double part) {
  const Limits& limits = balance.limits;
  const Space used = balance.held + balance.reserved + balance.wanted;
  Excess excess;
  excess.cache = used - Space{PartOf(limits.bytes, part), PartOf(limits.images, part)};
  if (limits.free_bytes > 0) {
    const uint64_t kept = DividedBy(limits.free_bytes, part);
    excess.disk_bytes = Beyond(kept + balance.unwritten + balance.wanted.bytes, balance.free_bytes);
  }
  if (limits.free_inodes > 0 && balance.free_inodes.has_value()) {
    const uint64_t kept = DividedBy(limits.free_inodes, part);
    excess.inodes = Beyond(kept + balance.reserved.images + balance.wanted.images, *balance.free_inodes);
  }

  if (excess.cache.images > 0) excess.limit = Limit::kImages;
  if (excess.inodes > excess.cache.images) excess.limit = Limit::kFreeInodes;
  if (excess.cache.bytes > 0) excess.limit = Limit::kBytes;
  if (excess.disk_bytes > excess.cache.bytes) excess.limit = Limit::kFreeBytes;
  return excess;
}

bool CanFit(const Balance& balance, const Space& own, const Space& space) {
  const Limits& limits = balance.limits;
  const Space whole = own + space;
  if (whole.bytes > limits.bytes || whole.images > limits.images) return false;
  // What was removed may not be free yet, and what is being written may be given up.  So only the size of the file
  // system tells, unless there is nothing to remove.
  const bool empty = balance.held.empty() && balance.reserved.bytes <= whole.bytes;
  if (limits.free_bytes > 0 && space.bytes + limits.free_bytes > balance.free_bytes &&
      (empty || whole.bytes + limits.free_bytes > balance.disk_bytes)) {
    return false;
  }
  return limits.free_inodes == 0 || !balance.free_inodes.has_value() || !empty ||
         space.images + limits.free_inodes <= *balance.free_inodes;
}

}  // namespace xattr_cache
