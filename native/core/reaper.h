// Removes the leftovers of failed and dead writers.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "core/token.h"
#include "posix/result.h"

namespace xattr_cache {

// Removes the files in invalid/ that are older than `grace_seconds`, or all if that is 0.  Returns their number.
Result<uint64_t> ReapInvalid(const CacheDirectory& directory, double grace_seconds);

// Removes from incomplete/: dead writers of ours, always; foreign files older than `grace_seconds`, or all if that is
// 0; and bytes that no token names, if they are also older than a minute, since a writer creates them before its token.
// Also removes the leftovers of probes among the images.  Never removes a live writer.  Returns the number of removed
// leftovers.
//
// A file that this user may not open could be a token of ours.  It is removed if it is also older than two hours. While
// it stays, younger bytes without a token stay as well: a live writer touches both every hour.
Result<uint64_t> ReapStalled(const CacheDirectory& directory, double grace_seconds, const StallRule& rule);

}  // namespace xattr_cache
