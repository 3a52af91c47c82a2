// The removal of one image that an eviction has chosen.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "core/image_list.h"
#include "posix/result.h"
#include "posix/syscalls.h"

namespace xattr_cache {

struct Removal {
  enum class Outcome {
    kRemoved,
    kGone,      // Another process has removed it.
    kInUse,     // Its lock is held: a hit is being counted, so that it will not be the coldest.
    kRead,      // It has other times than those that were seen.
    kReplaced,  // The name is another file now.
  };
  Outcome outcome;
  int64_t hits = 0;      // of kRemoved, at the moment of the unlink; 0 if they cannot be read
  sys::FileStat stat{};  // of kInUse, kRead and kReplaced: the file that has the name now
};

// Removes the image `id` if it still is the file that was seen, with the times that were seen.  Never waits for a lock.
//
// The image's lock is held, so that every hit is either in the returned count or finds the image gone.
Result<Removal> RemoveVictim(const CacheDirectory& directory, const char* id, const ImageRow& seen);

}  // namespace xattr_cache
