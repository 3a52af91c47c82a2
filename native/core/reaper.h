// Takes away what failed or dead writers left behind.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "core/result.h"
#include "core/token.h"

namespace xattr_cache {

// Removes from invalid/ what is older than `grace_seconds`, everything if that is 0.  Returns how many went.
Result<uint64_t> ReapInvalid(const CacheDirectory& directory, double grace_seconds);

// Removes from incomplete/: dead writers of ours, always; foreign files older than `grace_seconds`, all if that is 0;
// and bytes that no token names, if they are also older than a minute, since a writer makes them before its token.
// Never a live writer's.  Likewise what a probe of the directory left among the images.  Returns how many leftovers
// went.
//
// A file that this user may not open could be a token of ours.  It goes if it is older than two hours as well, and
// while it stays, so do nameless bytes that are younger: a live writer touches both every hour.
Result<uint64_t> ReapStalled(const CacheDirectory& directory, double grace_seconds, const StallRule& rule);

}  // namespace xattr_cache
