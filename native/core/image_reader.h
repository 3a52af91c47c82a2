// An open image, and the hit that it counts when it is closed.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/cache_directory.h"
#include "core/result.h"
#include "core/syscalls.h"
#include "core/unique_fd.h"

namespace xattr_cache {

// Whether an operation may wait for a disk.  The event loop's may not: they fail with EAGAIN where the kernel cannot
// say that it need not wait (openat2 RESOLVE_CACHED, preadv2 RWF_NOWAIT), and are repeated in a thread that may.
enum class Waiting { kAllowed, kNever };

struct OpenImage {
  UniqueFd fd;
  sys::FileStat stat;
};

// Opens the image `id` for reading; it stays readable to its end whatever happens to its name.  Fails with ENOENT for
// everything that is no image: a link, a directory, a fifo, a socket, a writer's token that a foreign writer renamed.
//
// Does not move the access time where we own the file (O_NOATIME), so that an aborted read leaves no trace.
Result<OpenImage> OpenImageFile(const CacheDirectory& directory, const char* id, Waiting waiting);

// The same of what a writer is writing, by its private name.
Result<OpenImage> OpenPrivateFile(const CacheDirectory& directory, const char* name);

// Fills `buffer` from `position`; returns the bytes read, fewer only at the end of the file.  With Waiting::kNever also
// where the rest would have to be waited for, so that a short count, 0 included, does not mean the end.
Result<size_t> ReadImage(int fd, std::span<std::byte> buffer, uint64_t position, Waiting waiting);

enum class HitOutcome {
  kCounted,     // The hit and the access are on the file.
  kEvicted,     // The image has no name any more: nobody will ever look at its hits.
  kNotWritten,  // No permission, no space, a read-only mount, no locks: `problem` says which.
};

struct Hit {
  HitOutcome outcome = HitOutcome::kCounted;
  SysError problem;  // of kNotWritten
};

// Counts a hit on an open image, or several of the same moment, and marks the access, both under the file's lock. Fails
// with EWOULDBLOCK while somebody else holds it, and never otherwise: a hit that cannot be counted is no reason to fail
// a read.
//
// The access is written in the clock's nanoseconds, unless the recorded one is younger than `resolution`, which is then
// good enough.  One that lies in the future is always overwritten.
Result<Hit> RecordHit(int fd, std::chrono::nanoseconds resolution, int64_t hits = 1);

}  // namespace xattr_cache
