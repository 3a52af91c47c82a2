// The last steps of every write, shared by whole puts and claimed ones.

#pragma once

#include <span>
#include <string_view>

#include "core/cache_directory.h"
#include "core/result.h"

namespace xattr_cache {

// Writes all of `bytes` at `position`.
Status WriteFully(int fd, std::span<const std::byte> bytes, uint64_t position);

// Sets user.hits to 0.  Its presence says "complete", so it is set before the image can be seen.
Status MarkComplete(int fd);

// Sets user.error, as far as there is room for it: the reason is worth having, but not worth failing for.
void RecordReason(int fd, std::string_view reason);

// Renames incomplete/NAME, which `fd` has open, over the image `id`.  ENOENT: somebody unlinked it.
Status Publish(const CacheDirectory& directory, const char* name, int fd, const char* id);

// The request is served.  It cannot fail the image that was published.
void PopQueue(const CacheDirectory& directory, const char* id);

}  // namespace xattr_cache
