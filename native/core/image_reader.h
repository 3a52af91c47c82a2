// An open image, and the hit that it counts when it is closed.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/cache_directory.h"
#include "posix/result.h"
#include "posix/syscalls.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

// Whether an operation may wait for a disk.  Those of the event loop must not: they fail with EAGAIN unless the kernel
// can do them without waiting (openat2 RESOLVE_CACHED, preadv2 RWF_NOWAIT), and are repeated in a pool thread.
enum class Waiting { kAllowed, kNever };

struct OpenImage {
  UniqueFd fd;
  sys::FileStat stat;
};

// Opens the image `id` for reading.  It stays readable to its end even if its name is removed or replaced.  Fails with
// ENOENT if the name is not an image: a link, a directory, a fifo, a socket, a token that a foreign writer renamed.
//
// Does not move the access time if we own the file (O_NOATIME), so that an aborted read leaves no trace.
Result<OpenImage> OpenImageFile(const CacheDirectory& directory, const char* id, Waiting waiting);

// The same for a reader: an image that a loss of power may have damaged is a miss until a recovery has looked at it.
Result<OpenImage> OpenServedImage(const CacheDirectory& directory, const char* id, Waiting waiting);

// Opens the bytes of a live writer, by their private name.
Result<OpenImage> OpenPrivateFile(const CacheDirectory& directory, const char* name);

// Fills `buffer` from `position`, and returns the bytes read, fewer only at the end of the file.  With Waiting::kNever,
// also returns short (possibly 0) if the rest is not in memory: a short count then does not mean the end.
Result<size_t> ReadImage(int fd, std::span<std::byte> buffer, uint64_t position, Waiting waiting);

enum class HitOutcome {
  kCounted,     // The hit and the access are on the file.
  kEvicted,     // The image has no name any more, so its hits are lost with it.
  kNotWritten,  // No permission, no space, a read-only mount or no locks: see `problem`.
};

struct Hit {
  HitOutcome outcome = HitOutcome::kCounted;
  SysError problem;  // of kNotWritten
};

// Counts one or more hits on an open image and records the access, both under the file's lock.  Fails only with
// EWOULDBLOCK, while another process or thread holds the lock: a hit that cannot be counted must not fail a read.
//
// The access time is written in nanoseconds, unless the recorded one is younger than `resolution`.  A time in the
// future is always overwritten.
Result<Hit> RecordHit(int fd, std::chrono::nanoseconds resolution, int64_t hits = 1);

}  // namespace xattr_cache
