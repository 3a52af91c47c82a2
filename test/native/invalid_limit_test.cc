// Failed writes are kept, but not for ever and not all.

#include "core/invalid_limit.h"

#include <string>

#include "cache_fixture.h"
#include "files.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;

// Failed writes of 10 bytes each, "00" the oldest.
void AddInvalid(const Cache& cache, int count) {
  for (int i = 0; i < count; i++) {
    const std::string id = (i < 10 ? "0" : "") + std::to_string(i);
    auto writer = cache.Claim(id);
    (void)writer.value().Write(Bytes("0123456789"));
    (void)writer.value().Rollback("why");
    testing::SetTimes(cache.Path("invalid/" + id), 0, 1'000'000 + i);
  }
}

TEST("failed writes – exactly at a limit – stay") {
  const Cache cache;
  AddInvalid(cache, 3);
  const auto totals = TrimInvalid(cache.directory(), {3, 30});
  CHECK_EQ(totals.value().files, 3u);
  CHECK_EQ(totals.value().size, 30u);
}

TEST("failed writes – more bytes than the limit – the oldest go") {
  const Cache cache;
  AddInvalid(cache, 5);
  const auto totals = TrimInvalid(cache.directory(), {100, 40});
  CHECK_EQ(totals.value().files, 3u);
  CHECK_EQ(totals.value().size, 30u);
  CHECK_EQ(testing::Names(cache.Path("invalid")), "02 03 04");
}

TEST("failed writes – more than the limit – the oldest go") {
  const Cache cache;
  AddInvalid(cache, 5);
  const auto totals = TrimInvalid(cache.directory(), {2, 1000});
  CHECK_EQ(totals.value().files, 2u);
  CHECK_EQ(testing::Names(cache.Path("invalid")), "03 04");
}

}  // namespace
}  // namespace xattr_cache
