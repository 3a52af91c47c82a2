// Extended attributes: reading values of unknown length, and the names that this cache uses.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "posix/result.h"

namespace xattr_cache {

// Decimal ASCII, on every complete image.  Glance's.
inline constexpr char kHitsAttribute[] = "user.hits";
// UTF-8 text, on a failed write.  Glance's.
inline constexpr char kErrorAttribute[] = "user.error";
// See writer_mark.h.  Ours.
inline constexpr char kWriterAttribute[] = "user.xattr_cache.writer";
// Length and digest of an image that was cached with a checksum: "1234 sha256-BASE64".  Ours.
inline constexpr char kDigestAttribute[] = "user.xattr_cache.digest";
// See committed.h.  Ours.
inline constexpr char kCommittedAttribute[] = "user.xattr_cache.committed";
// The inode of an image whose bytes were on disk before it was published: a copy of it has another one.  Ours.
inline constexpr char kSyncedAttribute[] = "user.xattr_cache.synced";

// Returns the value of attribute `name` of an open file, or nothing if it has none.
Result<std::optional<std::string>> ReadAttribute(int fd, const char* name);
Result<std::optional<std::string>> ReadAttributeOfPath(const char* path, const char* name);

Status WriteAttribute(int fd, const char* name, std::string_view value);
Status WriteAttributeOfPath(const char* path, const char* name, std::string_view value);

// Does nothing if there is no such attribute.
Status RemoveAttribute(int fd, const char* name);

}  // namespace xattr_cache
