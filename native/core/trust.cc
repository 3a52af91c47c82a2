#include "core/trust.h"

#include <algorithm>

#include "core/voucher.h"
#include "posix/file_times.h"

namespace xattr_cache {

int64_t LatestChange(const sys::FileStat& stat) {
  return std::max(ToNanoseconds(stat.modified), ToNanoseconds(stat.born));
}

Status Trust::Look(int base, const std::string& boot) {
  const auto voucher = Voucher::ReadIn(base);
  if (!voucher.ok()) {
    if (IsImpossible(voucher.error())) return Done{};
    return voucher.error();
  }
  const bool pending = voucher.value().has_value() && voucher.value()->boot != boot;
  until_ns_.store(pending ? voucher.value()->until_ns : kAlways);
  return Done{};
}

bool Trust::LookAgain(int base, const std::string& boot, const sys::FileStat& stat) {
  return Look(base, boot).ok() && LatestChange(stat) <= until_ns_.load();
}

}  // namespace xattr_cache
