// The bytes that all processes have ever committed to a cache: attribute user.xattr_cache.committed of its corner.
//
// A hint: with it, several writing processes can keep one limit without a walk for each image.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "posix/result.h"

namespace xattr_cache {

// Adds to the count and returns the new one.  Fails with EWOULDBLOCK while another process adds to it.
Result<int64_t> AddCommitted(const CacheDirectory& directory, int64_t size);

}  // namespace xattr_cache
