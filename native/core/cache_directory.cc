#include "core/cache_directory.h"

#include <fcntl.h>

#include "core/corner.h"
#include "posix/file_times.h"
#include "posix/named_file.h"

namespace xattr_cache {

namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr char kIncomplete[] = "incomplete";
constexpr char kInvalid[] = "invalid";
constexpr char kQueue[] = "queue";
constexpr mode_t kPartMode = 0777;
constexpr size_t kBootIdDigits = 8;
constexpr size_t kBootIdSize = 36;
constexpr mode_t kLockMode = 0600;
constexpr mode_t kGroupReadWrite = 0060;
constexpr char kLockFile[] = "lock";

Result<UniqueFd> OpenPart(int base, const char* name) {
  UniqueFd part(sys::OpenAt(base, name, kDirectory | O_NOFOLLOW));
  if (!part.valid()) return SysError::Last("openat").On(name);
  return part;
}

// Writable if permitted, since an exclusive lock on NFS requires it; elsewhere reading is enough.
Result<UniqueFd> OpenExistingLock(const Corner& corner) {
  auto writable = corner.OpenFile(kLockFile, O_RDWR);
  if (!writable.failed_with(EACCES)) return writable;
  return corner.OpenFile(kLockFile, O_RDONLY);
}

Result<UniqueFd> OpenOrMakeLock(int base) {
  const auto corner = Corner::Open(base);
  if (!corner.ok()) return corner.error();
  auto existing = OpenExistingLock(corner.value());
  if (!existing.failed_with(ENOENT)) return existing;

  sys::FileStat stat;
  if (sys::Stat(base, &stat) != 0) return SysError::Last("statx");
  const mode_t mode = kLockMode | (stat.mode & kGroupReadWrite);
  auto lock = corner.value().OpenFile(kLockFile, O_RDWR | O_CREAT, mode);
  // Against the umask: users that share the directory share the lock.  If this fails, others of the group cannot evict.
  if (lock.ok()) (void)sys::SetMode(lock.value().get(), mode);
  return lock;
}

Result<Boot> ReadBoot() {
  const UniqueFd file(sys::OpenAt(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return SysError::Last("openat");
  char text[kBootIdSize];
  const ssize_t size = sys::ReadAt(file.get(), text, sizeof(text), 0);
  if (size < 0) return SysError::Last("pread64");
  const std::string id(text, static_cast<size_t>(size));
  return Boot{id.substr(0, kBootIdDigits), id, ToNanoseconds(sys::Now()) - ToNanoseconds(sys::SinceBoot())};
}

}  // namespace

Result<CacheDirectory> CacheDirectory::Open(const char* path, Publishing publishing) {
  UniqueFd base(sys::OpenAt(AT_FDCWD, path, kDirectory));
  if (!base.valid()) return SysError::Last("openat");
  return OpenIn(std::move(base), publishing);
}

Result<std::optional<CacheDirectory>> CacheDirectory::Renew() const {
  if (IsStill(base(), kIncomplete, incomplete()) && IsStill(base(), kInvalid, invalid()) &&
      IsStill(base(), kQueue, queue())) {
    return std::optional<CacheDirectory>();
  }
  for (const char* name : {kIncomplete, kInvalid, kQueue}) {
    if (sys::MakeDirectoryAt(base(), name, kPartMode) != 0 && errno != EEXIST) {
      return SysError::Last("mkdirat").On(name);
    }
  }
  UniqueFd base(sys::OpenAt(this->base(), ".", kDirectory));
  if (!base.valid()) return SysError::Last("openat");
  auto renewed = OpenIn(std::move(base), publishing_);
  if (!renewed.ok()) return renewed.error();
  return std::optional(std::move(renewed.value()));
}

Result<CacheDirectory> CacheDirectory::OpenIn(UniqueFd base, Publishing publishing) {
  CacheDirectory directory;
  directory.publishing_ = publishing;
  directory.base_ = std::move(base);

  struct Part {
    const char* name;
    UniqueFd* fd;
  };
  for (const Part& part : {Part{kIncomplete, &directory.incomplete_}, Part{kInvalid, &directory.invalid_},
                           Part{kQueue, &directory.queue_}}) {
    auto fd = OpenPart(directory.base(), part.name);
    if (!fd.ok()) return fd.error();
    *part.fd = std::move(fd.value());
  }

  auto boot = ReadBoot();
  if (!boot.ok()) return boot.error();
  directory.boot_ = std::move(boot.value());
  const Status looked = directory.trust_->Look(directory.base(), directory.boot_.full_id);
  if (!looked.ok()) return looked.error();
  return directory;
}

Result<UniqueFd> CacheDirectory::OpenPruneLock() const {
  auto lock = OpenOrMakeLock(base());
  if (lock.failed_with(ENOSPC) || lock.failed_with(EDQUOT)) return OpenPart(base(), ".");
  return lock;
}

}  // namespace xattr_cache
