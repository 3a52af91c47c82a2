// Taking an image out of the cache that was found to be damaged.

#pragma once

#include <string_view>

#include "core/cache_directory.h"
#include "core/result.h"

namespace xattr_cache {

// Moves the image `id`, if it still is the file that `fd` has open, to invalid/, with the reason in user.error. Returns
// whether it did.  EWOULDBLOCK: somebody counts a hit on it just now, try again.
Result<bool> Quarantine(const CacheDirectory& directory, const char* id, int fd, std::string_view reason);

}  // namespace xattr_cache
