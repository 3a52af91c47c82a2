// The mark on a writer's token in incomplete/: attribute user.xattr_cache.writer, "PRIVATE-NAME BOOT-ID", followed by
// " LENGTH" once the writer knows the length of the image.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "posix/result.h"

namespace xattr_cache {

struct WriterMark {
  std::string data_name;  // of the bytes, in incomplete/
  std::string boot_id;    // of the machine that the writer runs on
  // Bytes of the whole image, for a successor that continues in the middle.  A second attribute would cost a block.
  std::optional<uint64_t> length = std::nullopt;

  std::string Format() const;

  // Returns nothing unless `text` is a mark with a well-formed private name: the name may be unlinked later.
  static std::optional<WriterMark> Parse(std::string_view text);

  // Returns the mark on an open file, or nothing if it has none, or one of an unknown form.
  static Result<std::optional<WriterMark>> Read(int fd);
};

}  // namespace xattr_cache
