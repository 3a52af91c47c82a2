#include "core/private_name.h"

#include <algorithm>
#include <cstdint>

#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

constexpr size_t kRandomBytes = 8;
constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

Result<std::string> MakePrivateName() {
  uint8_t random[kRandomBytes];
  if (sys::RandomBytes(random, sizeof(random)) != static_cast<ssize_t>(sizeof(random))) {
    return SysError::Last("getrandom");
  }
  std::string name(kPrivatePrefix);
  for (const uint8_t byte : random) {
    name.push_back(kHexDigits[byte >> 4]);
    name.push_back(kHexDigits[byte & 0xF]);
  }
  return name;
}

bool IsPrivateName(std::string_view name) {
  if (!name.starts_with(kPrivatePrefix)) return false;
  const std::string_view random = name.substr(kPrivatePrefix.size());
  return random.size() == 2 * kRandomBytes &&
         std::ranges::all_of(random, [](char digit) { return kHexDigits.find(digit) != std::string_view::npos; });
}

}  // namespace xattr_cache
