// Decimal counters kept in extended attributes.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "posix/result.h"

namespace xattr_cache {

// Longest int64_t in decimal, sign included.
inline constexpr size_t kLongestCounter = 20;

// Returns zero unless the text is a plain decimal integer that a JavaScript number holds exactly (at most 2^53 - 1): a
// damaged statistic must not keep an image from being read.
int64_t ParseCounter(std::string_view text);

// Returns the counter in attribute `name` of an open file, or zero if it has none.
Result<int64_t> ReadCounter(int fd, const char* name);

// Adds `delta` and returns the new value, which stays between 0 and 2^53 - 1.
//
// REQUIRES: the caller holds the file's lock; without it, updates are lost.
Result<int64_t> AddToCounter(int fd, const char* name, int64_t delta);

// Opens the file at `path` and adds under an exclusive lock on the file itself, so that concurrent callers -- threads,
// worker_threads, other processes -- never lose an update.  Waits up to `lock_timeout` (zero: tries once) and fails
// with ETIMEDOUT.
Result<int64_t> IncrementCounter(const char* path, const char* name, int64_t delta,
                                 std::chrono::milliseconds lock_timeout);

}  // namespace xattr_cache
