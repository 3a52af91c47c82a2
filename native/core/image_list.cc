#include "core/image_list.h"

#include <algorithm>
#include <utility>

namespace xattr_cache {

void ImageList::Add(std::string_view name, ImageRow row, std::string_view error) {
  row.name_offset = texts_.size();
  row.name_length = static_cast<uint32_t>(name.size());
  texts_.append(name).push_back('\0');
  row.error_offset = texts_.size();
  row.error_length = static_cast<uint32_t>(error.size());
  if (!error.empty()) texts_.append(error).push_back('\0');
  rows_.push_back(row);
}

void ImageList::Append(const ImageList& other) {
  const size_t offset = texts_.size();
  texts_ += other.texts_;
  rows_.reserve(rows_.size() + other.rows_.size());
  for (ImageRow row : other.rows_) {
    row.name_offset += offset;
    row.error_offset += offset;
    rows_.push_back(row);
  }
}

void ImageList::SortByName() {
  std::ranges::sort(rows_, [this](const ImageRow& a, const ImageRow& b) { return name(a) < name(b); });
}

void ImageList::SortByAge() {
  std::ranges::sort(rows_, [this](const ImageRow& a, const ImageRow& b) {
    return std::pair(a.modified_ns, name(a)) < std::pair(b.modified_ns, name(b));
  });
}

}  // namespace xattr_cache
