// Arithmetic on file times, in nanoseconds since the epoch.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>

#include "core/syscalls.h"

namespace xattr_cache {

inline constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// The years 1678 to 2261 fit.  Anybody can set a file's time to an earlier or a later one, which counts as one at that
// end.
inline constexpr int64_t kFarthestSecond = 9'200'000'000;

inline int64_t ToNanoseconds(const timespec& time) {
  const int64_t second = std::clamp(int64_t{time.tv_sec}, -kFarthestSecond, kFarthestSecond);
  return second * kNanosecondsPerSecond + time.tv_nsec;
}

// Milliseconds, with the fraction that a double can hold: a quarter of a microsecond today.
inline double ToMilliseconds(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}

// A span that no clock lives to see where milliseconds do not fit, infinity included.
inline std::chrono::nanoseconds FromMilliseconds(double milliseconds) {
  constexpr double kLongest = static_cast<double>(kFarthestSecond) * 1e9;
  return std::chrono::nanoseconds(static_cast<int64_t>(std::min(kLongest, milliseconds * 1e6)));
}

// When an image was last of use: the latest of its access, which a hit writes, and its modification, which a commit or
// a restored backup does, that does not lie beyond `now_ns`.  If both do, another tool set them, or a clock was set
// back; then it counts from when the file was made.
inline int64_t Recency(const sys::FileStat& stat, int64_t now_ns) {
  const int64_t accessed_ns = ToNanoseconds(stat.accessed);
  const int64_t modified_ns = ToNanoseconds(stat.modified);
  const int64_t earlier = std::min(accessed_ns, modified_ns);
  const int64_t later = std::max(accessed_ns, modified_ns);
  if (later <= now_ns) return later;
  return earlier <= now_ns ? earlier : ToNanoseconds(stat.made);
}

// How far a time lies from now, in seconds.  One in the future is as suspect as one in the past (a clock was set), so
// that its file is not kept for ever.
inline double AgeSeconds(const timespec& time) {
  const timespec now = sys::Now();
  const auto seconds = static_cast<double>(now.tv_sec - time.tv_sec);
  return std::abs(seconds + static_cast<double>(now.tv_nsec - time.tv_nsec) / 1e9);
}

}  // namespace xattr_cache
