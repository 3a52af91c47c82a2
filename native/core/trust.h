// Which images may be served.  After a loss of power, those that no checkpoint vouches for may not, until a recovery
// has looked at them.

#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

#include "posix/result.h"
#include "posix/syscalls.h"

namespace xattr_cache {

// The latest time at which an image's bytes can have changed: a foreign tool may set back the one, not the other.
int64_t LatestChange(const sys::FileStat& stat);

// For any number of threads.
class Trust {
 public:
  // Reads the voucher of the cache that `base` has open.  Everything is trusted where there is none, or one of this
  // boot.
  Status Look(int base, const std::string& boot);

  // Whether an image may be served.  One that may not is a miss.
  bool Covers(int base, const std::string& boot, const sys::FileStat& stat) {
    return LatestChange(stat) <= until_ns_.load() || LookAgain(base, boot, stat);
  }

 private:
  static constexpr int64_t kAlways = std::numeric_limits<int64_t>::max();

  // This process or another one may have recovered since.
  bool LookAgain(int base, const std::string& boot, const sys::FileStat& stat);

  std::atomic<int64_t> until_ns_{kAlways};
};

}  // namespace xattr_cache
