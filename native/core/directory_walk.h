// One pass over a directory's names: getdents64(2) with a large buffer, on a descriptor of its own, so that walks of
// one directory do not disturb each other.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xattr_cache {

struct DirectoryEntry {
  const char* name = nullptr;  // NUL-terminated; valid until the next entry is asked for
  uint8_t type = 0;            // DT_*, DT_UNKNOWN where the file system does not say

  std::string_view view() const { return name; }
  // Whether it can be a regular file.
  bool MaybeRegular() const;
};

class DirectoryWalk {
 public:
  static Result<DirectoryWalk> Open(int directory);

  // The next entry but "." and ".."; nothing at the end.  What is added or removed meanwhile may or may not be seen.
  Result<std::optional<DirectoryEntry>> Next();

 private:
  explicit DirectoryWalk(UniqueFd directory);

  UniqueFd directory_;
  std::unique_ptr<char[]> buffer_;
  size_t filled_ = 0;
  size_t position_ = 0;
};

}  // namespace xattr_cache
