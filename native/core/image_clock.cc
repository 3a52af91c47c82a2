#include "core/image_clock.h"

#include <fcntl.h>

#include <algorithm>

#include "posix/file_times.h"
#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

Status PutOnDisk(int fd) {
  if (sys::SyncData(fd) != 0) return SysError::Last("fdatasync");
  return Done{};
}

}  // namespace

Result<std::shared_ptr<const ClockFile>> ImageClock::File(int base) {
  const std::lock_guard lock(opening_);
  const int64_t now_ns = ToNanoseconds(sys::SinceBoot());
  if (file_ != nullptr && now_ns - looked_ns_ < kNanosecondsPerSecond) return file_;
  looked_ns_ = now_ns;
  return Reopen(base);
}

Result<std::shared_ptr<const ClockFile>> ImageClock::FreshFile(int base) {
  const std::lock_guard lock(opening_);
  return Reopen(base);
}

Result<std::shared_ptr<const ClockFile>> ImageClock::Reopen(int base) {
  if (file_ != nullptr && !file_->removed()) return file_;
  file_.reset();
  auto opened = ClockFile::Open(base);
  if (!opened.ok()) return opened.error();
  file_ = std::make_shared<const ClockFile>(std::move(opened.value()));
  return file_;
}

Status ImageClock::Stamp(int base, int fd, int64_t started_ns) {
  const auto file = File(base);
  if (!file.ok()) return PutOnDisk(fd);
  const auto reading = file.value()->Read();
  if (!reading.ok()) return PutOnDisk(fd);
  // Its bytes may be among those that were lost.  Only a descriptor that was open then still learns of it.
  if (reading.value().failed_ns >= started_ns) {
    Status put = PutOnDisk(fd);
    if (!put.ok()) return put;
  }
  if (SetTime(*file.value(), fd, reading.value().begun_ns)) return Done{};
  return PutOnDisk(fd);
}

bool ImageClock::SetTime(const ClockFile& file, int fd, int64_t begun_ns) {
  constexpr timespec kUnchanged{0, UTIME_OMIT};
  int64_t time_ns = file.RoundUp(std::max(ToNanoseconds(sys::Now()), begun_ns + 1));
  if (sys::SetTimes(fd, kUnchanged, ToTimespec(time_ns)) != 0) return false;
  if (time_ns >= kSafeTimesEndNs) {
    sys::FileStat stat;
    if (sys::Stat(fd, &stat) != 0) return false;
    time_ns = ToNanoseconds(stat.modified);
    if (time_ns <= begun_ns) return false;
  }
  int64_t latest_ns = latest_ns_.load();
  while (time_ns > latest_ns && !latest_ns_.compare_exchange_weak(latest_ns, time_ns)) {
  }
  return true;
}

}  // namespace xattr_cache
