#include "core/private_name.h"

#include <set>
#include <string>

#include "core/image_id.h"
#include "faults.h"
#include "harness.h"

namespace xattr_cache {
namespace {

TEST("a private name – made – is valid, no image id, and never the same") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; i++) {
    const auto name = MakePrivateName();
    CHECK_OK(name);
    CHECK(IsPrivateName(name.value()));
    CHECK(!IsImageId(name.value()));
    CHECK(seen.insert(name.value()).second);
  }
}

TEST("a private name – any text – only '.d-' and 16 hexadecimal digits are one") {
  CHECK(IsPrivateName(".d-0123456789abcdef"));
  for (const char* name : {"", ".d-", ".d-0", ".d-0123456789abcde", ".d-0123456789abcdef0", ".d-0123456789ABCDEF",
                           ".d-0123456789abcdeg", ".d-0123456789abcde/", "d-0123456789abcdef", ".x-0123456789abcdef",
                           " .d-0123456789abcdef", ".d-0123456789abcdef "}) {
    if (IsPrivateName(name)) testing::Fail(__FILE__, __LINE__, name);
  }
}

TEST("a private name – no randomness – is not made") {
  const testing::Faults faults(testing::Refuse("getrandom", ENOSYS));
  CHECK_FAILS(MakePrivateName(), ENOSYS);
}

}  // namespace
}  // namespace xattr_cache
