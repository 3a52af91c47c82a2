// A put of bytes that are all in memory.  It needs no claim: the last put wins, and each version is whole.

#pragma once

#include <cstddef>
#include <span>

#include "core/cache_directory.h"
#include "core/reservations.h"
#include "posix/result.h"

namespace xattr_cache {

// Reserves room, publishes `bytes` as the image `id`, with 0 hits, and removes its request.  Without room, and after a
// failure, leaves nothing behind.  The caller has waited for room since `since_ns` after boot; 0: not yet.
Result<Verdict> PutImage(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes,
                         int64_t since_ns = 0);

}  // namespace xattr_cache
