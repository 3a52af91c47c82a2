// The random names of unfinished bytes: incomplete/.d-RAND.

#pragma once

#include <string>
#include <string_view>

#include "posix/result.h"

namespace xattr_cache {

inline constexpr std::string_view kPrivatePrefix = ".d-";

// Returns a new one: 64 bits of randomness in hexadecimal.
Result<std::string> MakePrivateName();

// Whether a name in incomplete/ is one of these.  A mark never causes another name to be unlinked.
bool IsPrivateName(std::string_view name);

}  // namespace xattr_cache
