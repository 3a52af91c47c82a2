// Arithmetic on file times, in nanoseconds since the epoch.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>

#include "posix/syscalls.h"

namespace xattr_cache {

inline constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// The years 1678 to 2261 fit.  A file's time may be set to an earlier or a later one, which counts as the nearest that
// fits.
inline constexpr int64_t kFarthestSecond = 9'200'000'000;

inline int64_t ToNanoseconds(const timespec& time) {
  const int64_t second = std::clamp(int64_t{time.tv_sec}, -kFarthestSecond, kFarthestSecond);
  return second * kNanosecondsPerSecond + time.tv_nsec;
}

// REQUIRES: at least 0
inline timespec ToTimespec(int64_t nanoseconds) {
  return {static_cast<time_t>(nanoseconds / kNanosecondsPerSecond),
          static_cast<long>(nanoseconds % kNanosecondsPerSecond)};
}

// Milliseconds, with the fraction that a double can hold: a quarter of a microsecond today.
inline double ToMilliseconds(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}

// Milliseconds that do not fit, infinity included, become a span longer than any clock runs.
inline std::chrono::nanoseconds FromMilliseconds(double milliseconds) {
  constexpr double kLongest = static_cast<double>(kFarthestSecond) * 1e9;
  return std::chrono::nanoseconds(static_cast<int64_t>(std::min(kLongest, milliseconds * 1e6)));
}

// The last use of an image: the latest of its access time, which a hit writes, and its modification time, which a
// commit or a restored backup writes, that does not lie beyond `now_ns`.  If both do, because another tool or a clock
// that was set back wrote them, the birth of the file counts.
inline int64_t Recency(const sys::FileStat& stat, int64_t now_ns) {
  const int64_t accessed_ns = ToNanoseconds(stat.accessed);
  const int64_t modified_ns = ToNanoseconds(stat.modified);
  const int64_t earlier = std::min(accessed_ns, modified_ns);
  const int64_t later = std::max(accessed_ns, modified_ns);
  if (later <= now_ns) return later;
  return earlier <= now_ns ? earlier : ToNanoseconds(stat.made);
}

// The distance of a time from now, in seconds.  A time in the future counts like one in the past, because a clock may
// have been set: otherwise its file would be kept for ever.
inline double AgeSeconds(const timespec& time) {
  const timespec now = sys::Now();
  const auto seconds = static_cast<double>(now.tv_sec - time.tv_sec);
  return std::abs(seconds + static_cast<double>(now.tv_nsec - time.tv_nsec) / 1e9);
}

}  // namespace xattr_cache
