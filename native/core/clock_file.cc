#include "core/clock_file.h"

#include <fcntl.h>

#include <algorithm>

#include "posix/file_times.h"
#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

constexpr char kClockFile[] = "clock";
constexpr mode_t kOwnerMode = 0600;
constexpr mode_t kGroupReadWrite = 0060;

// For reading alone: a file that is open for writing keeps its file system from becoming read-only.
Result<UniqueFd> OpenOrMakeFile(int base, const Corner& corner) {
  auto existing = corner.OpenFile(kClockFile, O_RDONLY);
  if (existing.ok() || !existing.failed_with(ENOENT)) return existing;

  sys::FileStat shared;
  if (sys::Stat(base, &shared) != 0) return SysError::Last("statx");
  const mode_t mode = kOwnerMode | (shared.mode & kGroupReadWrite);
  auto file = corner.OpenFile(kClockFile, O_RDONLY | O_CREAT, mode);
  if (file.ok()) (void)sys::SetMode(file.value().get(), mode);  // Whatever the umask.
  return file;
}

// Found out on the access time, which nothing else changes.  Where that may not be set: whole seconds, which are right
// everywhere.
bool KeepsWholeSeconds(int fd) {
  constexpr timespec kOdd{1'000'000'000, 123'456'789};
  constexpr timespec kUnchanged{0, UTIME_OMIT};
  sys::FileStat stat;
  if (sys::SetTimes(fd, kOdd, kUnchanged) != 0 || sys::Stat(fd, &stat) != 0) return true;
  return stat.accessed.tv_nsec == 0;
}

bool IsSameFile(int a, int b) {
  sys::FileStat stat_a;
  sys::FileStat stat_b;
  return sys::Stat(a, &stat_a) == 0 && sys::Stat(b, &stat_b) == 0 && stat_a.SameFileAs(stat_b);
}

}  // namespace

Result<ClockFile> ClockFile::Open(int base) {
  auto corner = Corner::Open(base);
  if (!corner.ok()) return corner.error();
  auto file = OpenOrMakeFile(base, corner.value());
  if (!file.ok()) return file.error();
  sys::FileStat stat;
  if (sys::Stat(file.value().get(), &stat) != 0) return SysError::Last("statx");
  if (!stat.regular()) return SysError{ENXIO, "openat"};
  const bool whole_seconds = KeepsWholeSeconds(file.value().get());
  return ClockFile(std::move(corner.value()), std::move(file.value()), whole_seconds);
}

Result<ClockReading> ClockFile::Read() const {
  ClockReading reading;
  const ssize_t size = sys::ReadAt(file_.get(), &reading, sizeof(reading), 0);
  if (size < 0) return SysError::Last("pread64");
  if (size != sizeof(reading)) return ClockReading{};
  // Whatever stands there, one more nanosecond must fit.
  reading.begun_ns = std::clamp(reading.begun_ns, int64_t{0}, kFarthestSecond * kNanosecondsPerSecond);
  return reading;
}

Status ClockFile::Write(const ClockReading& reading) const {
  const auto writable = corner_.OpenFile(kClockFile, O_WRONLY);
  if (!writable.ok()) return writable.error();
  if (!IsSameFile(writable.value().get(), file_.get())) return SysError{ESTALE, "openat"};
  const ssize_t size = sys::WriteAt(writable.value().get(), &reading, sizeof(reading), 0);
  if (size < 0) return SysError::Last("pwrite64");
  if (size != sizeof(reading)) return SysError{EIO, "pwrite64"};
  return Done{};
}

bool ClockFile::removed() const {
  sys::FileStat stat;
  return sys::Stat(file_.get(), &stat) == 0 && stat.links == 0;
}

bool ClockFile::HoldsTime(int64_t time_ns) const {
  constexpr timespec kUnchanged{0, UTIME_OMIT};
  sys::FileStat stat;
  if (sys::SetTimes(file_.get(), kUnchanged, ToTimespec(time_ns)) != 0) return false;
  if (sys::Stat(file_.get(), &stat) != 0) return false;
  return ToNanoseconds(stat.modified) > time_ns - kNanosecondsPerSecond;
}

int64_t ClockFile::RoundUp(int64_t time_ns) const {
  if (!whole_seconds_) return time_ns;
  return (time_ns + kNanosecondsPerSecond - 1) / kNanosecondsPerSecond * kNanosecondsPerSecond;
}

}  // namespace xattr_cache
