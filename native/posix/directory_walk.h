// One pass over a directory's names: getdents64(2) with a large buffer, on a descriptor of its own, so that walks of
// one directory do not disturb each other.  One pass may be shared by two threads.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

struct DirectoryEntry {
  const char* name = nullptr;  // NUL-terminated; valid until the next entry is asked for
  uint8_t type = 0;            // DT_*, DT_UNKNOWN if the file system does not report it

  std::string_view view() const { return name; }
  // Whether the entry can be a regular file.
  bool MaybeRegular() const;
};

class DirectoryWalk {
 public:
  static Result<DirectoryWalk> Open(int directory);

  // Returns another walk of the same pass: each entry is seen by one of the two, which may be on different threads.
  DirectoryWalk Twin() const { return DirectoryWalk(pass_); }

  // Returns the next entry except "." and "..", or nothing at the end.  Concurrent changes may or may not be seen.
  Result<std::optional<DirectoryEntry>> Next();

  // Calls `visit(walk, part)` until all entries were seen: on this thread as part 0, and concurrently on another one as
  // part 1 if the machine and the size of the directory make that faster.  Each entry is seen by one of them.  Fails
  // with the error of either.
  using Visit = std::function<Status(DirectoryWalk& walk, size_t part)>;
  static constexpr size_t kParts = 2;
  Status Share(const Visit& visit);

 private:
  // The state that two walks share.
  struct Pass {
    explicit Pass(UniqueFd its_fd) : fd(std::move(its_fd)) {}
    UniqueFd fd;
    std::mutex reading;
  };

  explicit DirectoryWalk(std::shared_ptr<Pass> pass);

  // Reads more entries into the buffer.  Returns false at the end.
  Result<bool> Fill();

  std::shared_ptr<Pass> pass_;
  std::unique_ptr<char[]> buffer_;
  size_t filled_ = 0;
  size_t position_ = 0;
};

}  // namespace xattr_cache
