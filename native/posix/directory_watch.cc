#include "posix/directory_watch.h"

#include <sys/inotify.h>

#include <climits>
#include <cstdio>
#include <cstring>

#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

constexpr size_t kBufferSize = 64 * 1024;
constexpr size_t kLongestEvent = sizeof(inotify_event) + NAME_MAX + 1;

// A program that writes under the final name, as cp(1) does, has not finished when the name appears.
constexpr uint32_t kAppearing = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE;
constexpr uint32_t kDisappearing = IN_DELETE | IN_MOVED_FROM;
constexpr uint32_t kLosing = IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT;

}  // namespace

DirectoryWatch::DirectoryWatch(UniqueFd queue)
    : queue_(std::move(queue)), buffer_(std::make_unique_for_overwrite<char[]>(kBufferSize)) {}

Result<DirectoryWatch> DirectoryWatch::Open(int directory) {
  UniqueFd queue(sys::InotifyInit());
  if (!queue.valid()) return SysError::Last("inotify_init1");
  DirectoryWatch watch(std::move(queue));
  const Status added = watch.Add(directory, kAppearing | kDisappearing | IN_ONLYDIR, &watch.directory_);
  if (!added.ok()) return added.error();
  return watch;
}

Status DirectoryWatch::AddPoke(int file) {
  return Add(file, IN_ATTRIB, &poke_);
}

Status DirectoryWatch::Add(int fd, uint32_t mask, int* watch) {
  char path[32];
  std::snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  const int number = sys::InotifyAddWatch(queue_.get(), path, mask);
  if (number < 0) return SysError::Last("inotify_add_watch");
  *watch = number;
  return Done{};
}

Result<bool> DirectoryWatch::Fill() {
  // The kernel stops short of a full buffer only when the queue is empty: a second look would find it so again, or
  // events that are later than the question.
  const bool drained = filled_ > 0 && filled_ + kLongestEvent <= kBufferSize;
  filled_ = position_ = 0;
  if (drained) return false;
  const ssize_t size = sys::Read(queue_.get(), buffer_.get(), kBufferSize);
  if (size < 0 && errno != EAGAIN) return SysError::Last("read");
  filled_ = size > 0 ? static_cast<size_t>(size) : 0;
  return size > 0;
}

Result<std::optional<WatchEvent>> DirectoryWatch::Next() {
  while (true) {
    if (position_ == filled_) {
      const auto more = Fill();
      if (!more.ok()) return more.error();
      if (!more.value()) return std::optional<WatchEvent>();
    }
    inotify_event event;
    std::memcpy(&event, buffer_.get() + position_, sizeof(event));
    const char* name = buffer_.get() + position_ + sizeof(event);
    position_ += sizeof(event) + event.len;

    if (event.wd == poke_ && poke_ >= 0) return std::optional(WatchEvent{WatchEvent::Kind::kPoke});
    if ((event.mask & kLosing) != 0) {
      if (event.wd >= 0 && event.wd != directory_) continue;  // The end of an earlier poke's file.
      return std::optional(WatchEvent{WatchEvent::Kind::kLost});
    }
    if ((event.mask & IN_ISDIR) != 0 || event.wd != directory_) continue;
    const bool appeared = (event.mask & kAppearing) != 0;
    const auto kind = appeared ? WatchEvent::Kind::kAppeared : WatchEvent::Kind::kDisappeared;
    return std::optional(WatchEvent{kind, name});
  }
}

}  // namespace xattr_cache
