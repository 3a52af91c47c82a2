#include "core/writer_mark.h"

#include <algorithm>
#include <charconv>

#include "core/private_name.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

std::optional<uint64_t> ParseLength(std::string_view text) {
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(length) : std::nullopt;
}

}  // namespace

std::string WriterMark::Format() const {
  const std::string mark = data_name + ' ' + boot_id;
  return length.has_value() ? mark + ' ' + std::to_string(*length) : mark;
}

std::optional<WriterMark> WriterMark::Parse(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos || !IsPrivateName(text.substr(0, space))) return std::nullopt;
  const std::string_view rest = text.substr(space + 1);
  const size_t end = std::min(rest.find(' '), rest.size());
  return WriterMark{std::string(text.substr(0, space)), std::string(rest.substr(0, end)),
                    ParseLength(rest.substr(std::min(end + 1, rest.size())))};
}

Result<std::optional<WriterMark>> WriterMark::Read(int fd) {
  const auto text = ReadAttribute(fd, kWriterAttribute);
  if (!text.ok()) return text.error();
  if (!text.value().has_value()) return std::optional<WriterMark>();
  return Parse(*text.value());
}

}  // namespace xattr_cache
