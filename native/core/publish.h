// The last steps of every write, shared by whole puts and claimed ones.

#pragma once

#include <span>
#include <string_view>

#include "core/cache_directory.h"
#include "posix/result.h"

namespace xattr_cache {

// Writes all of `bytes` at `position`.
Status WriteFully(int fd, std::span<const std::byte> bytes, uint64_t position);

// Sets user.hits to 0.  Its presence says "complete", so it is set before the image can be seen.
Status MarkComplete(int fd);

// Sets user.error, as far as it fits.  A full disk cuts or drops the reason, and is no failure.
void RecordReason(int fd, std::string_view reason);

// Renames incomplete/NAME, which `fd` has open, over the image `id`.  Fails with ENOENT if the name was
// unlinked.
Status Publish(const CacheDirectory& directory, const char* name, int fd, const char* id);

// Removes the served request.  A failure does not concern the published image, so it is ignored.
void PopQueue(const CacheDirectory& directory, const char* id);

}  // namespace xattr_cache
