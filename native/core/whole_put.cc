#include "core/whole_put.h"

#include <fcntl.h>

#include "core/private_name.h"
#include "core/publish.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

namespace {

Status Fill(int fd, std::span<const std::byte> bytes) {
  Status written = WriteFully(fd, bytes, 0);
  if (!written.ok()) return written;
  return MarkComplete(fd);
}

// Publishes the file with a private name, or removes it.
Status PublishOrUnlink(const CacheDirectory& directory, const char* name, int fd, const char* id) {
  Status published = Publish(directory, name, fd, id);
  if (!published.ok()) sys::UnlinkAt(directory.incomplete(), name);
  return published;
}

// linkat(2) does not replace, so an existing image is replaced by a rename.
Status LinkOverExisting(const CacheDirectory& directory, int fd, const char* id) {
  const auto name = MakePrivateName();
  if (!name.ok()) return name.error();
  if (sys::LinkFile(fd, directory.incomplete(), name.value().c_str()) != 0) return SysError::Last("linkat");
  return PublishOrUnlink(directory, name.value().c_str(), fd, id);
}

Status PutByName(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes) {
  const auto name = MakePrivateName();
  if (!name.ok()) return name.error();
  const UniqueFd data(sys::OpenAt(directory.incomplete(), name.value().c_str(),
                                  O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!data.valid()) return SysError::Last("openat");

  Status filled = Fill(data.get(), bytes);
  if (!filled.ok()) {
    sys::UnlinkAt(directory.incomplete(), name.value().c_str());
    return filled;
  }
  return PublishOrUnlink(directory, name.value().c_str(), data.get(), id);
}

// Fails with EOPNOTSUPP if files cannot be created without a name, or cannot be named afterwards.
Status PutNameless(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes) {
  const UniqueFd data(sys::OpenAt(directory.incomplete(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kFileMode));
  if (!data.valid()) return SysError{EOPNOTSUPP, "openat"};

  Status filled = Fill(data.get(), bytes);
  if (!filled.ok()) return filled;
  if (sys::LinkFile(data.get(), directory.base(), id) == 0) return Done{};
  if (errno == EEXIST) return LinkOverExisting(directory, data.get(), id);
  return SysError{EOPNOTSUPP, "linkat"};
}

}  // namespace

Status PutImage(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes) {
  Status put = PutNameless(directory, id, bytes);
  if (put.failed_with(EOPNOTSUPP)) put = PutByName(directory, id, bytes);
  if (put.ok()) PopQueue(directory, id);
  return put;
}

}  // namespace xattr_cache
