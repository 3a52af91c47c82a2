// The file DIR/.xattr-cache/clock: when the last checkpoint began, which every publication looks at (see checkpoint.h).

#pragma once

#include <cstdint>

#include "core/corner.h"
#include "posix/file_lock.h"
#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

// The file's content: two numbers in the machine's own order.  It is never synced, since each boot writes it anew.
struct ClockReading {
  // The time at which the last checkpoint began, in nanoseconds since the epoch.  It only grows, and may lie ahead of
  // the wall clock.
  int64_t begun_ns = 0;
  // The time since boot at which a process last heard that writes to the disk had failed; 0 if none has.
  int64_t failed_ns = 0;
};

class ClockFile {
 public:
  // Opens the clock of the cache that `base` has open; makes it and its directory if they are missing.  Others than the
  // owner may lock it as far as the directory's group may write.
  static Result<ClockFile> Open(int base);

  // Zeros if the file is new.
  Result<ClockReading> Read() const;
  Status Write(const ClockReading& reading) const;

  // The lock of checkpoints and recoveries.  EWOULDBLOCK if another one is under way.
  Result<FileLock> TryLock() const { return FileLock::TryAcquire(file_.get()); }

  // Whether `.xattr-cache` or the clock was removed since it was opened.
  bool removed() const;

  // The descriptor of `.xattr-cache`.
  int corner() const { return corner_.fd(); }

  // Whether the times of files can be as late as this here.
  bool HoldsTime(int64_t time_ns) const;

  // The earliest time from `time_ns` on that a file's times can hold here.
  int64_t RoundUp(int64_t time_ns) const;

 private:
  ClockFile(Corner corner, UniqueFd file, bool whole_seconds)
      : corner_(std::move(corner)), file_(std::move(file)), whole_seconds_(whole_seconds) {}

  Corner corner_;
  UniqueFd file_;
  bool whole_seconds_;
};

}  // namespace xattr_cache
