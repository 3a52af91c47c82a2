#include "core/corner.h"

#include <fcntl.h>

#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

constexpr mode_t kOwnerMode = 0600;
constexpr mode_t kGroupReadWrite = 0060;

}  // namespace

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

Result<UniqueFd> Corner::OpenShared(int base, const char* name, int flags) const {
  auto existing = OpenFile(name, flags);
  if (existing.ok() || !existing.failed_with(ENOENT)) return existing;

  sys::FileStat shared;
  if (sys::Stat(base, &shared) != 0) return SysError::Last("statx");
  const mode_t mode = kOwnerMode | (shared.mode & kGroupReadWrite);
  auto file = OpenFile(name, flags | O_CREAT, mode);
  // Whatever the umask.  If this fails, others of the group cannot use it.
  if (file.ok()) (void)sys::SetMode(file.value().get(), mode);
  return file;
}

}  // namespace xattr_cache
