#include "core/publish.h"

#include "core/image_id.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

// A reason is cut to this many bytes, and to fewer if the disk has no space for them.
constexpr size_t kLongestReason = 1024;
constexpr size_t kShortReason = 40;

}  // namespace

Status WriteFully(int fd, std::span<const std::byte> bytes, uint64_t position) {
  while (!bytes.empty()) {
    const ssize_t written = sys::WriteAt(fd, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (written < 0) return SysError::Last("pwrite64");
    if (written == 0) return SysError{EIO, "pwrite64"};
    bytes = bytes.subspan(static_cast<size_t>(written));
    position += static_cast<uint64_t>(written);
  }
  return Done{};
}

Status MarkComplete(int fd) {
  return WriteAttribute(fd, kHitsAttribute, "0");
}

void RecordReason(int fd, std::string_view reason) {
  for (const size_t size : {kLongestReason, kShortReason}) {
    if (WriteAttribute(fd, kErrorAttribute, CutUtf8(reason, size)).ok()) return;
  }
}

Status Publish(const CacheDirectory& directory, const char* name, int fd, const char* id) {
  if (sys::RenameAt(directory.incomplete(), name, directory.base(), id) == 0) return Done{};
  const SysError error = SysError::Last("renameat");

  // A network file system may report the failure of a repetition when the first attempt did it.
  if (IsStill(directory.base(), id, fd)) return Done{};
  return error;
}

void PopQueue(const CacheDirectory& directory, const char* id) {
  sys::UnlinkAt(directory.queue(), id);
}

}  // namespace xattr_cache
