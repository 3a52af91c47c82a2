// The result of a walk: a row for each file, all texts in one buffer.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "posix/file_times.h"

namespace xattr_cache {

struct ImageRow {
  uint64_t name_offset = 0;
  uint64_t error_offset = 0;
  uint32_t name_length = 0;
  uint32_t error_length = 0;
  uint64_t size = 0;
  uint64_t allocated = 0;  // bytes on disk
  uint64_t inode = 0;
  int64_t accessed_ns = 0;  // since the epoch, as are the next two
  int64_t modified_ns = 0;
  int64_t recency_ns = 0;
  int64_t born_ns = 0;
  int64_t hits = 0;
};

// The order of eviction: the least recently accessed image first, then the smaller, then by name, as in Glance.
struct EvictionOrder {
  int64_t recency_ns;
  uint64_t size;
  std::string_view name;

  auto operator<=>(const EvictionOrder&) const = default;
};

class ImageList {
 public:
  // Adds `row` under `name`; `error` is the reason of a failed write.
  void Add(std::string_view name, ImageRow row, std::string_view error = {});

  // Adds all of another list.
  void Append(const ImageList& other);

  size_t size() const { return rows_.size(); }
  const ImageRow& row(size_t i) const { return rows_[i]; }
  std::string_view name(const ImageRow& row) const { return {texts_.data() + row.name_offset, row.name_length}; }
  EvictionOrder order(const ImageRow& row) const { return {row.recency_ns, row.size, name(row)}; }
  // NUL-terminated, for a system call.
  const char* c_name(const ImageRow& row) const { return texts_.data() + row.name_offset; }
  std::string_view error(const ImageRow& row) const { return {texts_.data() + row.error_offset, row.error_length}; }

  // Sorts by the bytes of the names.
  void SortByName();
  // Sorts by modification, the oldest first, then by name.
  void SortByAge();

 private:
  std::string texts_;  // each with a NUL behind it
  std::vector<ImageRow> rows_;
};

}  // namespace xattr_cache
