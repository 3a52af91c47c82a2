#include "core/directory_walk.h"

#include <dirent.h>
#include <fcntl.h>

#include <cstring>

#include "core/syscalls.h"

namespace xattr_cache {

namespace {

constexpr size_t kBufferSize = 64 * 1024;

// struct linux_dirent64, getdents64(2).
constexpr size_t kRecordLengthOffset = 16;
constexpr size_t kTypeOffset = 18;
constexpr size_t kNameOffset = 19;

bool IsDot(std::string_view name) {
  return name == "." || name == "..";
}

}  // namespace

bool DirectoryEntry::MaybeRegular() const {
  return type == DT_REG || type == DT_UNKNOWN;
}

DirectoryWalk::DirectoryWalk(UniqueFd directory)
    : directory_(std::move(directory)), buffer_(std::make_unique_for_overwrite<char[]>(kBufferSize)) {}

Result<DirectoryWalk> DirectoryWalk::Open(int directory) {
  UniqueFd own(sys::OpenAt(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own.valid()) return SysError::Last("openat");
  return DirectoryWalk(std::move(own));
}

Result<std::optional<DirectoryEntry>> DirectoryWalk::Next() {
  while (true) {
    if (position_ == filled_) {
      const ssize_t size = sys::ReadEntries(directory_.get(), buffer_.get(), kBufferSize);
      // ENOENT: the directory itself was removed; it has no entries any more.
      if (size < 0 && errno != ENOENT) return SysError::Last("getdents64");
      if (size <= 0) return std::optional<DirectoryEntry>();
      filled_ = static_cast<size_t>(size);
      position_ = 0;
    }
    const char* record = buffer_.get() + position_;
    uint16_t length = 0;
    std::memcpy(&length, record + kRecordLengthOffset, sizeof(length));
    position_ += length;
    const DirectoryEntry entry{record + kNameOffset, static_cast<uint8_t>(record[kTypeOffset])};
    if (!IsDot(entry.view())) return std::optional(entry);
  }
}

}  // namespace xattr_cache
