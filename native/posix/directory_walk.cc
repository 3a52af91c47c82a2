#include "posix/directory_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>

#include <cstring>
#include <thread>

#include "posix/syscalls.h"

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

DirectoryWalk::DirectoryWalk(std::shared_ptr<Pass> pass)
    : pass_(std::move(pass)), buffer_(std::make_unique_for_overwrite<char[]>(kBufferSize)) {}

Result<DirectoryWalk> DirectoryWalk::Open(int directory) {
  UniqueFd own(sys::OpenAt(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own.valid()) return SysError::Last("openat");
  return DirectoryWalk(std::make_shared<Pass>(std::move(own)));
}

Result<bool> DirectoryWalk::Fill() {
  const std::lock_guard lock(pass_->reading);
  const ssize_t size = sys::ReadEntries(pass_->fd.get(), buffer_.get(), kBufferSize);
  // ENOENT: the directory itself was removed; it has no entries any more.
  if (size < 0 && errno != ENOENT) return SysError::Last("getdents64");
  filled_ = size > 0 ? static_cast<size_t>(size) : 0;
  position_ = 0;
  return size > 0;
}

Status DirectoryWalk::Share(const Visit& visit) {
  if (position_ == filled_) {
    const auto more = Fill();
    if (!more.ok()) return more.error();
  }
  // A directory that does not fill the buffer is visited faster than a thread is made.
  struct Helper {
    DirectoryWalk walk;
    const Visit& visit;
    Status outcome = Done{};
  } helper{Twin(), visit};
  pthread_t thread{};
  // std::thread would throw if no thread can be made; then this one does it all.
  const bool helped = filled_ > kBufferSize / 2 && std::thread::hardware_concurrency() > 1 &&
                      pthread_create(
                          &thread, nullptr,
                          [](void* data) -> void* {
                            auto* self = static_cast<Helper*>(data);
                            self->outcome = self->visit(self->walk, 1);
                            return nullptr;
                          },
                          &helper) == 0;

  Status outcome = visit(*this, 0);
  if (helped) pthread_join(thread, nullptr);
  return outcome.ok() ? helper.outcome : outcome;
}

Result<std::optional<DirectoryEntry>> DirectoryWalk::Next() {
  while (true) {
    if (position_ == filled_) {
      const auto more = Fill();
      if (!more.ok()) return more.error();
      if (!more.value()) return std::optional<DirectoryEntry>();
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
