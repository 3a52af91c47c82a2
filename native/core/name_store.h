// Names of files, kept compactly: each takes its length and one byte, rounded up to four.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace xattr_cache {

class NameStore {
 public:
  // Stands for a name.  There are enough of them for 16 GiB of names.
  using Handle = uint32_t;

  NameStore() { free_.fill(kNone); }

  // REQUIRES: 1 to 255 bytes, without NUL
  Handle Add(std::string_view name);

  // The space is used again for a name that takes as much.
  void Remove(Handle handle);

  // NUL-terminated; valid until the name is removed.
  const char* Get(Handle handle) const { return At(handle); }

  // Whether more than a third of the space is free, so that a copy of the names would be worthwhile.
  bool wasteful() const { return free_units_ > used_units_ / 2 + kBlockUnits; }

  // In bytes.
  size_t memory() const { return blocks_.size() * kBlockUnits * kUnit + blocks_.capacity() * sizeof(blocks_[0]); }

 private:
  static constexpr size_t kUnit = 4;
  static constexpr size_t kBlockUnits = 16 * 1024;
  static constexpr size_t kLongestUnits = 64;
  static constexpr Handle kNone = UINT32_MAX;

  static size_t UnitsFor(size_t length) { return length / kUnit + 1; }
  char* At(Handle handle) const { return blocks_[handle / kBlockUnits].get() + handle % kBlockUnits * kUnit; }

  // Makes free space that a name of `units` can use.
  void Release(Handle handle, size_t units);

  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t next_unit_ = kBlockUnits;  // of the last block
  // Freed names of each length in units, the first of a list whose links lie in the freed space.
  std::array<Handle, kLongestUnits + 1> free_;
  size_t free_units_ = 0;
  size_t used_units_ = 0;
};

}  // namespace xattr_cache
