// A counter may be any value that any program put into user.hits.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/counter.h"
#include "fuzz/expect.h"

namespace {

// The same, digit by digit.
int64_t Expected(std::string_view text) {
  const auto is_digit = [](char byte) { return byte >= '0' && byte <= '9'; };
  // "-0" and the like are zero either way.
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return 0;
  int64_t value = 0;
  for (const char digit : text) {
    value = value * 10 + (digit - '0');
    if (value > 9007199254740991) return 0;
  }
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  EXPECT(xattr_cache::ParseCounter(text) == Expected(text));
  return 0;
}
