// Tells names of images from other names in a cache directory.

#pragma once

#include <string_view>

namespace xattr_cache {

// Whether a name is 1 to 255 bytes without '/' or NUL, does not begin with '.', and is not one of our own directories.
// The walks skip other names.
bool IsImageName(std::string_view name);

// The same, and in UTF-8.  The facade refuses other ids before any system call.  So a file with another name, which
// only another tool can have made, is counted, listed and evicted, but cannot be opened by its id.
bool IsImageId(std::string_view name);

// Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool IsUtf8(std::string_view text);

// Returns the longest prefix of well-formed UTF-8 `text` that has at most `size` bytes and does not cut a character.
std::string_view CutUtf8(std::string_view text, size_t size);

}  // namespace xattr_cache
