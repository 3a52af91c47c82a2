#include "core/hold.h"

namespace xattr_cache {

Result<Verdict> Hold::Add(const Space& space, int64_t since_ns) {
  Reservations& reservations = directory_->reservations();
  if (!reservations.limited()) return Verdict::kRoom;
  auto verdict = reservations.Reserve(directory_->base(), space, space_, since_ns);
  if (!verdict.ok() || !HasRoom(verdict.value())) return verdict;
  space_ = space_ + space;
  unwritten_ += space.bytes;
  return verdict;
}

Result<Verdict> Hold::Reach(uint64_t bytes, int64_t since_ns) {
  if (Has(bytes)) return Verdict::kRoom;
  return Add({bytes > space_.bytes ? bytes - space_.bytes : 0, 1 - space_.images}, since_ns);
}

Result<Verdict> Hold::GrowTo(uint64_t written, uint64_t bytes, int64_t since_ns) {
  const Reservations& reservations = directory_->reservations();
  if (!reservations.limited() || Has(bytes)) return Verdict::kRoom;
  Written(written);
  const uint64_t in_advance = space_.bytes + reservations.growth();
  if (in_advance > bytes) {
    auto verdict = Reach(in_advance, since_ns);
    const bool less_may_fit =
        verdict.ok() && (verdict.value() == Verdict::kFull || verdict.value() == Verdict::kTooLarge);
    if (!less_may_fit) return verdict;
  }
  return Reach(bytes, since_ns);
}

void Hold::Written(uint64_t bytes) {
  const uint64_t unwritten = bytes < space_.bytes ? space_.bytes - bytes : 0;
  if (unwritten >= unwritten_) return;
  directory_->reservations().Allocated(directory_->base(), unwritten_ - unwritten);
  unwritten_ = unwritten;
}

void Hold::Settle(const Space& published) {
  // Without limits, there is only room to give back that was reserved before they ended.
  if (space_.empty() && (published.empty() || !directory_->reservations().limited())) return;
  directory_->reservations().Settle(directory_->base(), std::exchange(space_, {}), std::exchange(unwritten_, 0),
                                    published);
}

}  // namespace xattr_cache
