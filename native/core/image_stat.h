// What the file of an image says about it, for listings and the order of eviction.

#pragma once

#include <cstdint>
#include <optional>

#include "core/cache_directory.h"
#include "core/image_list.h"
#include "posix/result.h"
#include "posix/syscalls.h"

namespace xattr_cache {

// The regular file `name` of a directory; nothing if there is none.
Result<std::optional<sys::FileStat>> StatRegularFile(int directory, const char* name);

// The same in the directory of the images, where an empty file may be a writer's token.
Result<std::optional<sys::FileStat>> StatImage(const CacheDirectory& directory, const char* name);

// Without name and hits.  The clock must be read after the file: an image that is committed meanwhile is not from the
// future.
ImageRow ToRow(const sys::FileStat& stat, int64_t now_ns);
ImageRow ToRow(const sys::FileStat& stat);

}  // namespace xattr_cache
