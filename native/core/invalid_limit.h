// Limits invalid/: failed writes are kept for debugging, and must not fill the disk.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "posix/result.h"

namespace xattr_cache {

// The content of invalid/.
struct InvalidTotals {
  uint64_t files = 0;
  uint64_t size = 0;  // bytes
};

// If invalid/ exceeds either limit, removes the oldest files until both hold with a twentieth to spare, so that the
// next failed write needs no walk.  Returns the remaining content.
Result<InvalidTotals> TrimInvalid(const CacheDirectory& directory, const InvalidTotals& limits);

}  // namespace xattr_cache
