// What the disk is known to hold: the attribute user.xattr_cache.checkpoint of `.xattr-cache`, "1 BOOT T".
//
// Every image whose times of modification and of birth are at most T, in nanoseconds since the epoch, is whole on disk.
// Later ones are while the boot lasts, as far as readers can see.  An attribute, because a journal makes it atomic; if
// it is lost, an older one stands, which is safe.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "posix/result.h"

namespace xattr_cache {

struct Voucher {
  std::string boot;      // of the kernel that ran when it was given
  int64_t until_ns = 0;  // T
  // Writing has failed, and no checkpoint has succeeded since: when that was first heard, in nanoseconds since the
  // epoch. 0: it has not.
  int64_t failing_since_ns = 0;
  // Images later than T, which may be damaged since, are still to be dropped.
  bool dropping = false;

  // "1 BOOT T", and while writing fails "1 BOOT T failing SINCE" or "1 BOOT T dropping SINCE".
  std::string Format() const;

  // Vouches for nothing, of no boot, if `text` is malformed.
  static Voucher Parse(std::string_view text);

  // The one of the `.xattr-cache` that is open; nothing if none was ever given.  EPROTONOSUPPORT if a later version of
  // this package wrote it.
  static Result<std::optional<Voucher>> Read(int corner);
  // The same of the cache that `base` has open, which need not have a `.xattr-cache`.
  static Result<std::optional<Voucher>> ReadIn(int base);
  Status Write(int corner) const;
};

// Whether a cache where reading a voucher fails with this can have none, or none that this process may see.
bool IsImpossible(const SysError& error);

}  // namespace xattr_cache
