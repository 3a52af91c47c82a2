// Gives each image the time of modification that proves, after a loss of power, which checkpoint it was on disk for.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/clock_file.h"
#include "posix/result.h"

namespace xattr_cache {

// File times that every file system here can hold: up to the year 2038.
inline constexpr int64_t kSafeTimesEndNs = (int64_t{1} << 31) * 1'000'000'000;

// For any number of threads.
class ImageClock {
 public:
  // The clock file, opened or made if it is not open.  Removed meanwhile: opened anew, within a second.
  Result<std::shared_ptr<const ClockFile>> File(int base);
  // The same, noticing a removal immediately.
  Result<std::shared_ptr<const ClockFile>> FreshFile(int base);

  // Sets the time of modification of an image whose last byte is written: now, and later than the beginning of the last
  // checkpoint, so that only one that begins later vouches for it.  The bytes themselves are put on disk instead where
  // that cannot be told, or if writes have failed since the writer began, `started_ns` after boot.
  Status Stamp(int base, int fd, int64_t started_ns);

  // The latest time that this process has given an image.
  int64_t latest_ns() const { return latest_ns_.load(); }
  // What was published so far does not matter: it was a trial.
  void Forget() { latest_ns_.store(0); }

 private:
  Result<std::shared_ptr<const ClockFile>> Reopen(int base);
  // Whether the time was set, and is one that proves what it has to.
  bool SetTime(const ClockFile& file, int fd, int64_t begun_ns);

  std::mutex opening_;
  std::shared_ptr<const ClockFile> file_;
  int64_t looked_ns_ = 0;  // since boot
  std::atomic<int64_t> latest_ns_{0};
};

}  // namespace xattr_cache
