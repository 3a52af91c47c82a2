// A put of bytes that are all in hand: no claim is needed, the last one wins, and each version is whole.

#pragma once

#include <cstddef>
#include <span>

#include "core/cache_directory.h"
#include "core/result.h"

namespace xattr_cache {

// Publishes `bytes` as the image `id`, with 0 hits, and takes it from the queue.  After a failure nothing is left.
Status PutImage(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes);

}  // namespace xattr_cache
