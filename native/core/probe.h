// Tries the features of a directory's file system.

#pragma once

#include <cstdint>
#include <memory>

#include "core/cache_directory.h"
#include "posix/result.h"

namespace xattr_cache {

struct Findings {
  // Two open descriptions of one file exclude each other.  If false, only age retires a writer.
  bool locks = true;
  bool nameless_files = false;  // O_TMPFILE, and naming such a file
  bool cached_open = false;     // openat2 RESOLVE_CACHED
  bool nowait_read = false;     // preadv2 RWF_NOWAIT
  bool reflink = false;         // FICLONE
  // The resolution of stored access times.
  double time_resolution_ms = 0;
};

// Claims, claims again (to be refused), commits, reads, counts and removes an image under a private name.  Fails with
// the error of the first step that does not work: fsetxattr's EOPNOTSUPP without user attributes, renameat's EXDEV if
// the parts lie on different file systems, EACCES or EROFS without permission to write.  Leaves nothing behind.
Result<Findings> ProbeDirectory(const std::shared_ptr<const CacheDirectory>& directory);

// Whether this process may write existing images: false if it may write none of the first few.
Result<bool> MayWriteImages(const CacheDirectory& directory);

}  // namespace xattr_cache
