#include "core/committed.h"

#include <sys/stat.h>
#include <unistd.h>

#include <tuple>

#include "cache_fixture.h"
#include "core/corner.h"
#include "core/xattr.h"
#include "faults.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;

TEST("what is committed is added up, in a corner that is made when it is first needed") {
  const Cache cache;
  CHECK_EQ(AddCommitted(cache.directory(), 10).value(), 10);
  CHECK_EQ(AddCommitted(cache.directory(), 5).value(), 15);
  CHECK_EQ(testing::Attribute(cache.Path(kCornerName), kCommittedAttribute).value_or("none"), "15");
}

TEST("what is committed is not added while another process adds to it") {
  const Cache cache;
  CHECK_OK(AddCommitted(cache.directory(), 10));
  const testing::OpenFile other(cache.Path(kCornerName));
  CHECK(other.TryFlock());
  CHECK_FAILS(AddCommitted(cache.directory(), 5), EWOULDBLOCK);
}

TEST("a link in place of the corner leads nowhere") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path("elsewhere").c_str(), 0755), 0);
  CHECK_EQ(::symlink("elsewhere", cache.Path(kCornerName).c_str()), 0);
  CHECK(!AddCommitted(cache.directory(), 10).ok());
  CHECK(!testing::Attribute(cache.Path("elsewhere"), kCommittedAttribute).has_value());
  CHECK(!testing::IsFlocked(cache.Path("elsewhere")));
}

TEST("a corner that cannot be opened, made or written says why") {
  const Cache cache;
  for (const auto& [call, nth, code] :
       {std::tuple{"openat", 1, EMFILE}, {"mkdirat", 1, EROFS}, {"openat", 2, EACCES}, {"flock", 1, ENOLCK}}) {
    const Faults faults(testing::RefuseNth(call, nth, code));
    CHECK_FAILS(AddCommitted(cache.directory(), 10), code);
  }
}

TEST("a corner that another process makes meanwhile is used") {
  const Cache cache;
  const Faults faults(testing::Before("mkdirat", 1, [&] { return ::mkdir(cache.Path(kCornerName).c_str(), 0755); }));
  CHECK_EQ(AddCommitted(cache.directory(), 10).value(), 10);
}

}  // namespace
}  // namespace xattr_cache
