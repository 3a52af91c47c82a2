// The last steps of every write, shared by whole puts and claimed ones.

#pragma once

#include <span>
#include <string_view>

#include "core/cache_directory.h"
#include "posix/result.h"

namespace xattr_cache {

// Writes all of `bytes` at `position`.
Status WriteFully(int fd, std::span<const std::byte> bytes, uint64_t position);

// Sets user.error, as far as it fits.  A full disk cuts or drops the reason, and is no failure.
void RecordReason(int fd, std::string_view reason);

// A file that is to become an image, all of its bytes written.
struct Draft {
  int fd = -1;
  const char* name = nullptr;  // its private name in incomplete/; null if it has none yet
  int64_t started_ns = 0;      // when its writer began, in nanoseconds since boot
  bool complete = false;       // Publish set user.hits, so followers may rely on the size
};

// Makes the draft the image `id`; no other function does.  The order: the bytes reach the disk if `directory` demands
// it; the time that checkpoints compare (image_clock.h); user.hits, whose presence says "complete"; the name.  Fails
// with ENOENT if the private name was unlinked, with EOPNOTSUPP if a nameless file cannot be named here.
Status Publish(const CacheDirectory& directory, Draft& draft, const char* id);

// Removes the served request.  A failure does not concern the published image, so it is ignored.
void PopQueue(const CacheDirectory& directory, const char* id);

}  // namespace xattr_cache
