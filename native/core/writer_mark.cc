#include "core/writer_mark.h"

#include "core/private_name.h"
#include "core/xattr.h"

namespace xattr_cache {

std::string WriterMark::Format() const {
  return data_name + ' ' + boot_id;
}

std::optional<WriterMark> WriterMark::Parse(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos || !IsPrivateName(text.substr(0, space))) return std::nullopt;
  return WriterMark{std::string(text.substr(0, space)), std::string(text.substr(space + 1))};
}

Result<std::optional<WriterMark>> WriterMark::Read(int fd) {
  const auto text = ReadAttribute(fd, kWriterAttribute);
  if (!text.ok()) return text.error();
  if (!text.value().has_value()) return std::optional<WriterMark>();
  return Parse(*text.value());
}

}  // namespace xattr_cache
