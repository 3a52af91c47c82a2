// Keeps invalid/ small: failed writes are kept for debugging, and must not fill the disk.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "core/result.h"

namespace xattr_cache {

// What lies in invalid/.
struct InvalidTotals {
  uint64_t files = 0;
  uint64_t size = 0;  // bytes
};

// If invalid/ holds more than either limit, removes the oldest files until both are kept with a twentieth to spare, so
// that the next failed write needs no other walk.  Returns what is left.
Result<InvalidTotals> TrimInvalid(const CacheDirectory& directory, const InvalidTotals& limits);

}  // namespace xattr_cache
