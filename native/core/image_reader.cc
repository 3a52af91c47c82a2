#include "core/image_reader.h"

#include <fcntl.h>

#include "core/counter.h"
#include "posix/file_lock.h"
#include "posix/file_times.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

int Open(int directory, const char* id, int flags, Waiting waiting) {
  return waiting == Waiting::kNever ? sys::OpenCachedAt(directory, id, flags) : sys::OpenAt(directory, id, flags);
}

// The errors of kernels and sandboxes that do not know a call or a flag.
bool IsUnsupported(int code) {
  return code == ENOSYS || code == EOPNOTSUPP || code == EINVAL || code == EPERM;
}

// A writer's token is no image, even if a foreign writer renamed it to where images are.
Result<bool> IsToken(int fd, const sys::FileStat& stat) {
  if (stat.size > 0) return false;
  const auto mark = ReadAttribute(fd, kWriterAttribute);
  if (!mark.ok()) return mark.failed_with(EOPNOTSUPP) ? Result<bool>(false) : mark.error();
  return mark.value().has_value();
}

Result<UniqueFd> OpenExisting(int directory, const char* name, Waiting waiting) {
  int fd = Open(directory, name, sys::kReadExisting | O_NOATIME, waiting);
  // Only its owner may open a file without moving its access time.
  if (fd < 0 && errno == EPERM) fd = Open(directory, name, sys::kReadExisting, waiting);
  if (fd >= 0) return UniqueFd(fd);
  if (sys::IsNoFile(errno)) return SysError{ENOENT, "openat"};
  if (waiting == Waiting::kNever && IsUnsupported(errno)) return SysError{EAGAIN, "openat2"};
  return SysError::Last(waiting == Waiting::kNever ? "openat2" : "openat");
}

Result<OpenImage> OpenRegular(int directory, const char* name, Waiting waiting) {
  auto fd = OpenExisting(directory, name, waiting);
  if (!fd.ok()) return fd.error();
  OpenImage image{std::move(fd.value()), {}};
  if (sys::Stat(image.fd.get(), &image.stat) != 0) return SysError::Last("statx");
  if (!image.stat.regular()) return SysError{ENOENT, "openat"};
  return image;
}

// A process that may write the image but does not own it cannot set its times.  A read of one byte after the attribute
// has changed makes relatime move the access time instead.
void TouchByReading(int fd) {
  char byte = 0;
  (void)sys::ReadAt(fd, &byte, 1, 0);
}

void MarkAccess(int fd, const sys::FileStat& stat, std::chrono::nanoseconds resolution) {
  const timespec now = sys::Now();
  const int64_t now_ns = ToNanoseconds(now);
  const int64_t accessed_ns = ToNanoseconds(stat.accessed);
  // Not the difference of the two, which overflows for a time before 1740.
  const bool recent = accessed_ns <= now_ns && accessed_ns > now_ns - resolution.count();
  if (recent) return;
  // Sets both, though the modification stays as it is (a checkpoint vouches for it): file systems on libfuse 2 ignore a
  // call that sets only one.
  if (sys::SetTimes(fd, now, stat.modified) != 0 && errno == EPERM) TouchByReading(fd);
}

Hit CountLocked(int fd, std::chrono::nanoseconds resolution, int64_t hits) {
  sys::FileStat stat;
  if (sys::Stat(fd, &stat) != 0) return {HitOutcome::kNotWritten, SysError::Last("statx")};
  if (stat.links == 0) return {HitOutcome::kEvicted, {}};

  const auto count = AddToCounter(fd, kHitsAttribute, hits);
  if (!count.ok()) return {HitOutcome::kNotWritten, count.error()};
  MarkAccess(fd, stat, resolution);
  return {};
}

}  // namespace

Result<OpenImage> OpenImageFile(const CacheDirectory& directory, const char* id, Waiting waiting) {
  auto image = OpenRegular(directory.base(), id, waiting);
  if (!image.ok()) return image;
  const auto token = IsToken(image.value().fd.get(), image.value().stat);
  if (!token.ok()) return token.error();
  if (token.value()) return SysError{ENOENT, "openat"};
  return image;
}

Result<OpenImage> OpenServedImage(const CacheDirectory& directory, const char* id, Waiting waiting) {
  auto image = OpenImageFile(directory, id, waiting);
  if (!image.ok() || directory.Serves(image.value().stat)) return image;
  return SysError{ENOENT, "openat"};
}

Result<OpenImage> OpenPrivateFile(const CacheDirectory& directory, const char* name) {
  return OpenRegular(directory.incomplete(), name, Waiting::kAllowed);
}

Result<size_t> ReadImage(int fd, std::span<std::byte> buffer, uint64_t position, Waiting waiting) {
  size_t total = 0;
  while (total < buffer.size()) {
    const auto offset = static_cast<off_t>(position + total);
    const auto rest = buffer.subspan(total);
    const ssize_t size = waiting == Waiting::kNever ? sys::ReadCachedAt(fd, rest.data(), rest.size(), offset)
                                                    : sys::ReadAt(fd, rest.data(), rest.size(), offset);
    if (size == 0) break;
    if (size > 0) {
      total += static_cast<size_t>(size);
      continue;
    }
    if (waiting == Waiting::kNever && (errno == EAGAIN || IsUnsupported(errno))) break;
    return SysError::Last(waiting == Waiting::kNever ? "preadv2" : "pread64");
  }
  return total;
}

Result<Hit> RecordHit(int fd, std::chrono::nanoseconds resolution, int64_t hits) {
  const auto lock = FileLock::TryAcquire(fd);
  if (lock.failed_with(EWOULDBLOCK)) return lock.error();
  if (!lock.ok()) return Hit{HitOutcome::kNotWritten, lock.error()};
  return CountLocked(fd, resolution, hits);
}

}  // namespace xattr_cache
