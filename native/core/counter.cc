#include "core/counter.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "posix/file_lock.h"
#include "posix/syscalls.h"
#include "posix/unique_fd.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

// 2^53 - 1.
constexpr int64_t kMaxCount = 9007199254740991;

// The sum, kept between 0 and kMaxCount.  REQUIRES: 0 <= count <= kMaxCount
int64_t ClampedSum(int64_t count, int64_t delta) {
  if (delta > kMaxCount - count) return kMaxCount;
  return std::max(count + delta, int64_t{0});
}

}  // namespace

int64_t ParseCounter(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || rest != end || value < 0 || value > kMaxCount) return 0;
  return value;
}

Result<int64_t> ReadCounter(int fd, const char* name) {
  char text[kLongestCounter];
  const ssize_t size = sys::GetAttribute(fd, name, text, sizeof(text));
  if (size >= 0) return ParseCounter({text, static_cast<size_t>(size)});
  // ERANGE: too long to be a counter.
  if (errno == ENODATA || errno == ERANGE) return int64_t{0};
  return SysError::Last("fgetxattr");
}

Result<int64_t> AddToCounter(int fd, const char* name, int64_t delta) {
  const auto count = ReadCounter(fd, name);
  if (!count.ok()) return count.error();

  const int64_t sum = ClampedSum(count.value(), delta);
  char text[kLongestCounter];
  const char* end = std::to_chars(text, text + sizeof(text), sum).ptr;
  const Status written = WriteAttribute(fd, name, {text, static_cast<size_t>(end - text)});
  if (!written.ok()) return written.error();
  return sum;
}

Result<int64_t> IncrementCounter(const char* path, const char* name, int64_t delta,
                                 std::chrono::milliseconds lock_timeout) {
  // O_RDONLY is enough: fsetxattr checks the inode's write permission, not the descriptor's access mode.
  const UniqueFd file(sys::OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return SysError::Last("openat");

  const auto lock = FileLock::Acquire(file.get(), lock_timeout);
  if (!lock.ok()) return lock.error();
  return AddToCounter(file.get(), name, delta);
}

}  // namespace xattr_cache
