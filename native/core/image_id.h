// Which names in a cache directory are images.

#pragma once

#include <string_view>

namespace xattr_cache {

// 1 to 255 bytes without '/' or NUL, not beginning with '.', and none of the names of our own directories.  The walks
// pass over other names.
bool IsImageName(std::string_view name);

// The same in UTF-8.  The facade refuses other ids before any system call, so that a file with another name, which only
// another tool can have put there, is counted, listed and evicted, and cannot be asked for.
bool IsImageId(std::string_view name);

// Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool IsUtf8(std::string_view text);

// The longest prefix of well-formed UTF-8 `text` that has at most `size` bytes and does not cut a character.
std::string_view CutUtf8(std::string_view text, size_t size);

}  // namespace xattr_cache
