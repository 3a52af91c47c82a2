// Finds out what a directory's file system can do, by doing it.

#pragma once

#include <cstdint>
#include <memory>

#include "core/cache_directory.h"
#include "core/result.h"

namespace xattr_cache {

struct Findings {
  // Two open descriptions of one file keep each other out.  False: only age retires a writer.
  bool locks = true;
  bool nameless_files = false;  // O_TMPFILE, and naming such a file
  bool cached_open = false;     // openat2 RESOLVE_CACHED
  bool nowait_read = false;     // preadv2 RWF_NOWAIT
  bool reflink = false;         // FICLONE
  // The finest access time that is kept.
  double time_resolution_ms = 0;
};

// Claims, claims again (to be refused), commits, reads, counts and removes an image under a private name.  Fails with
// the error of the step that does not work here: fsetxattr's EOPNOTSUPP where there are no user attributes, renameat's
// EXDEV where the parts lie on different file systems, EACCES or EROFS where one may not write.  Leaves nothing behind.
Result<Findings> ProbeDirectory(const std::shared_ptr<const CacheDirectory>& directory);

// Whether this process may write the images that are there: false if none of the first few may be written.
Result<bool> MayWriteImages(const CacheDirectory& directory);

}  // namespace xattr_cache
