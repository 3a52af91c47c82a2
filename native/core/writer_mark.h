// What a writer's token in incomplete/ says about it: attribute user.xattr_cache.writer, "PRIVATE-NAME BOOT-ID", and
// " LENGTH" behind these once the writer knows how long the image is going to be.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace xattr_cache {

struct WriterMark {
  std::string data_name;  // of the bytes, in incomplete/
  std::string boot_id;    // of the machine that the writer runs on
  // Bytes of the whole image, for a successor that goes on from the middle.  A second attribute would cost a block.
  std::optional<uint64_t> length = std::nullopt;

  std::string Format() const;

  // Nothing unless `text` is a mark with a well-formed private name: the name is going to be unlinked.
  static std::optional<WriterMark> Parse(std::string_view text);

  // The mark on an open file; nothing if it bears none, or one that is not ours to understand.
  static Result<std::optional<WriterMark>> Read(int fd);
};

}  // namespace xattr_cache
