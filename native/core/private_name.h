// The random names under which bytes are on their way: incomplete/.d-RAND.

#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace xattr_cache {

inline constexpr std::string_view kPrivatePrefix = ".d-";

// A new one: 64 bits of randomness in hexadecimal.
Result<std::string> MakePrivateName();

// Whether a name in incomplete/ is one of these.  Nothing else is ever unlinked on a mark's word.
bool IsPrivateName(std::string_view name);

}  // namespace xattr_cache
