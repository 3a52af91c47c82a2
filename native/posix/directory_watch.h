// Names that appear in a directory and disappear from it, as the kernel reports them: inotify(7).
//
// A change is queued before the call that makes it returns.  So the events that are read under a lock include all that
// was changed under it before.  Neither accesses nor attributes of the files are watched: reads cause no events.
//
// For one thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

struct WatchEvent {
  enum class Kind {
    kAppeared,     // A file was created with the name, renamed to it, or closed after a writer had opened it.
    kDisappeared,  // It was removed, or renamed to another name or directory.
    kPoke,
    kLost,  // Events are missing, or come no more: the queue was full, or the file system was unmounted.
  };
  Kind kind;
  const char* name = "";  // of the first two, NUL-terminated; valid until the next event is asked for

  std::string_view view() const { return name; }
};

class DirectoryWatch {
 public:
  // Watches the directory that is open, even if it is renamed.  Fails where the kernel has no instance left (EMFILE) or
  // no watch left (ENOSPC), and where /proc is not mounted (ENOENT).
  static Result<DirectoryWatch> Open(int directory);

  // Also reports a kPoke when the attributes or times of an open file change, or when it is removed.
  Status AddPoke(int file);

  // Returns the next event, or nothing if there is none now.  Subdirectories are left out.
  Result<std::optional<WatchEvent>> Next();

  // Readable when there are events: for ppoll(2) alone.
  int fd() const { return queue_.get(); }

 private:
  explicit DirectoryWatch(UniqueFd queue);

  Status Add(int fd, uint32_t mask, int* watch);
  // Reads more events into the buffer.  Returns false if there are none.
  Result<bool> Fill();

  UniqueFd queue_;
  int directory_ = -1;  // the number of its watch
  int poke_ = -1;
  std::unique_ptr<char[]> buffer_;
  size_t filled_ = 0;
  size_t position_ = 0;
};

}  // namespace xattr_cache
