// A put of bytes that are all in memory.  It needs no claim: the last put wins, and each version is whole.

#pragma once

#include <cstddef>
#include <span>

#include "core/cache_directory.h"
#include "posix/result.h"

namespace xattr_cache {

// Publishes `bytes` as the image `id`, with 0 hits, and removes its request.  A failure leaves nothing behind.
Status PutImage(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes);

}  // namespace xattr_cache
