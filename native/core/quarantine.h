// Takes damaged images out of the cache.

#pragma once

#include <string_view>

#include "core/cache_directory.h"
#include "posix/result.h"

namespace xattr_cache {

// Moves the image `id` to invalid/ with the reason in user.error, if it still is the file that `fd` has open.  Returns
// whether it did.  Fails with EWOULDBLOCK while a hit is counted on it: try again.
Result<bool> Quarantine(const CacheDirectory& directory, const char* id, int fd, std::string_view reason);

}  // namespace xattr_cache
