#include "posix/named_file.h"

namespace xattr_cache {

std::optional<sys::FileStat> StatIfStill(int directory, const char* name, int fd) {
  sys::FileStat there;
  sys::FileStat ours;
  if (sys::StatAt(directory, name, &there) != 0 || sys::Stat(fd, &ours) != 0) return std::nullopt;
  if (!there.SameFileAs(ours)) return std::nullopt;
  return there;
}

Result<bool> Unlink(int directory, const char* name) {
  if (sys::UnlinkAt(directory, name) == 0) return true;
  if (errno == ENOENT || errno == EISDIR) return false;
  return SysError::Last("unlinkat");
}

}  // namespace xattr_cache
