#include "core/whole_put.h"

#include <fcntl.h>

#include "core/private_name.h"
#include "core/publish.h"
#include "posix/file_times.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

namespace {

// Writes the bytes and publishes them.
Status Fill(const CacheDirectory& directory, Draft draft, const char* id, std::span<const std::byte> bytes) {
  Status written = WriteFully(draft.fd, bytes, 0);
  if (!written.ok()) return written;
  return Publish(directory, draft, id);
}

Draft BeginDraft(int fd, const char* name) {
  return {.fd = fd, .name = name, .started_ns = ToNanoseconds(sys::SinceBoot())};
}

Status PutByName(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes) {
  const auto name = MakePrivateName();
  if (!name.ok()) return name.error();
  const UniqueFd data(sys::OpenAt(directory.incomplete(), name.value().c_str(),
                                  O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!data.valid()) return SysError::Last("openat");
  const Draft draft = BeginDraft(data.get(), name.value().c_str());

  Status put = Fill(directory, draft, id, bytes);
  if (!put.ok()) sys::UnlinkAt(directory.incomplete(), draft.name);
  return put;
}

// Fails with EOPNOTSUPP if files cannot be created without a name, or cannot be named afterwards.
Status PutNameless(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes) {
  const UniqueFd data(sys::OpenAt(directory.incomplete(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kFileMode));
  if (!data.valid()) return SysError{EOPNOTSUPP, "openat"};

  return Fill(directory, BeginDraft(data.get(), nullptr), id, bytes);
}

}  // namespace

Status PutImage(const CacheDirectory& directory, const char* id, std::span<const std::byte> bytes) {
  Status put = PutNameless(directory, id, bytes);
  if (put.failed_with(EOPNOTSUPP)) put = PutByName(directory, id, bytes);
  if (put.ok()) PopQueue(directory, id);
  return put;
}

}  // namespace xattr_cache
