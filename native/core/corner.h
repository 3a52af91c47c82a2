// The cache's own corner of its directory, DIR/.xattr-cache.  Glance does not look into it.
//
// All its files are opened here: below the directory's descriptor, and never through a link.  So it is always the
// corner of the directory that was opened, and a link from another user leads nowhere.

#pragma once

#include <sys/types.h>

#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

inline constexpr char kCornerName[] = ".xattr-cache";

class Corner {
 public:
  // Opens the corner of the directory that `base` has open, and creates it if it is missing.
  static Result<Corner> Open(int base);

  int fd() const { return fd_.get(); }

  // Opens a file of the corner with these flags of open(2).  Fails with ELOOP if it is a link.  Never waits.
  Result<UniqueFd> OpenFile(const char* name, int flags, mode_t mode = 0) const;

 private:
  explicit Corner(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace xattr_cache
