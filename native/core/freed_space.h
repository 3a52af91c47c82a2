// Space that was freed, and that the file system does not show yet.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "posix/result.h"

namespace xattr_cache {

// XFS frees the blocks of a removed file in the background, and Btrfs with its next transaction.  Until then, every
// look at the free space asks for more evictions.  Syncs the file system if less than `bytes` are free, or less than
// the limits demand.
Status ShowFreedSpace(const CacheDirectory& directory, uint64_t bytes);

}  // namespace xattr_cache
