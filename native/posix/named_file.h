// Names in a directory, and the files that they refer to.

#pragma once

#include <sys/types.h>

#include <optional>

#include "posix/result.h"
#include "posix/syscalls.h"

namespace xattr_cache {

// Mode of shared files, less the umask, as Glance does.
inline constexpr mode_t kFileMode = 0666;

// Returns the status of `name` if it still is the file that `fd` has open.  Nothing if it is not, or cannot be read.
std::optional<sys::FileStat> StatIfStill(int directory, const char* name, int fd);

inline bool IsStill(int directory, const char* name, int fd) {
  return StatIfStill(directory, name, fd).has_value();
}

// Unlinks a name.  Returns false if there is no such name, or if it is a directory.
Result<bool> Unlink(int directory, const char* name);

}  // namespace xattr_cache
