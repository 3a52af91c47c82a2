#include "core/corner.h"

#include <fcntl.h>

#include "posix/syscalls.h"

namespace xattr_cache {

Result<Corner> Corner::Open(int base) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd fd(sys::OpenAt(base, kCornerName, kFlags));
  if (fd.valid()) return Corner(std::move(fd));
  if (errno != ENOENT) return SysError::Last("openat").On(kCornerName);

  if (sys::MakeDirectoryAt(base, kCornerName, 0777) != 0 && errno != EEXIST)
    return SysError::Last("mkdirat").On(kCornerName);
  fd = UniqueFd(sys::OpenAt(base, kCornerName, kFlags));
  if (!fd.valid()) return SysError::Last("openat").On(kCornerName);
  return Corner(std::move(fd));
}

Result<UniqueFd> Corner::OpenFile(const char* name, int flags, mode_t mode) const {
  UniqueFd file(sys::OpenAt(fd(), name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode));
  if (!file.valid()) return SysError::Last("openat").On(std::string(kCornerName) + '/' + name);
  return file;
}

}  // namespace xattr_cache
