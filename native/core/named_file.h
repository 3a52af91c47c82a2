// Names in a directory, and the files that stand behind them.

#pragma once

#include <sys/types.h>

#include <optional>

#include "core/result.h"
#include "core/syscalls.h"

namespace xattr_cache {

// Of the files that others may use too: less the umask, as Glance does.
inline constexpr mode_t kFileMode = 0666;

// What is known of `name`, if it still is the file that `fd` has open; nothing also if that cannot be seen.
std::optional<sys::FileStat> StatIfStill(int directory, const char* name, int fd);

inline bool IsStill(int directory, const char* name, int fd) {
  return StatIfStill(directory, name, fd).has_value();
}

// Unlinks a name.  False if there is nothing that unlinkat(2) removes: no such name, or a directory.
Result<bool> Unlink(int directory, const char* name);

}  // namespace xattr_cache
