#include "core/trust.h"

#include <fcntl.h>

#include <algorithm>

#include "core/corner.h"
#include "core/voucher.h"
#include "posix/file_times.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

namespace {

// No checkpoint was ever made there, or none can be.
bool CanHoldNone(int code) {
  return code == ENOENT || code == ENOTDIR || code == ELOOP || code == EOPNOTSUPP || code == EACCES || code == EPERM;
}

}  // namespace

int64_t LatestChange(const sys::FileStat& stat) {
  return std::max(ToNanoseconds(stat.modified), ToNanoseconds(stat.born));
}

Status Trust::Look(int base, const std::string& boot) {
  const UniqueFd corner(sys::OpenAt(base, kCornerName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!corner.valid()) {
    if (CanHoldNone(errno)) return Done{};
    return SysError::Last("openat");
  }
  const auto voucher = Voucher::Read(corner.get());
  if (!voucher.ok()) {
    if (CanHoldNone(voucher.error().code)) return Done{};
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
