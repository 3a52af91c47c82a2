// Arithmetic on file times, in nanoseconds since the epoch.

#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>

#include "core/syscalls.h"

namespace xattr_cache {

inline constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

inline int64_t ToNanoseconds(const timespec& time) {
  return static_cast<int64_t>(time.tv_sec) * kNanosecondsPerSecond + time.tv_nsec;
}

// Milliseconds, with the fraction that a double can hold: a quarter of a microsecond today.
inline double ToMilliseconds(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}

// When an image was last of use: a commit counts as an access, as does a restored backup's modification.
inline int64_t Recency(const sys::FileStat& stat) {
  return std::max(ToNanoseconds(stat.accessed), ToNanoseconds(stat.modified));
}

// How far a time lies from now, in seconds.  One in the future is as suspect as one in the past (a clock was set), so
// that its file is not kept for ever.
inline double AgeSeconds(const timespec& time) {
  const int64_t age = ToNanoseconds(sys::Now()) - ToNanoseconds(time);
  return static_cast<double>(age < 0 ? -age : age) / static_cast<double>(kNanosecondsPerSecond);
}

}  // namespace xattr_cache
