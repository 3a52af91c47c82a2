#include "core/committed.h"

#include <sys/stat.h>
#include <unistd.h>

#include <tuple>

#include "cache_fixture.h"
#include "core/corner.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;

TEST("committed bytes – first commit – are added up in a corner made for it") {
  const Cache cache;
  CHECK_EQ(AddCommitted(cache.directory(), 10).value(), 10);
  CHECK_EQ(AddCommitted(cache.directory(), 5).value(), 15);
  CHECK_EQ(testing::Attribute(cache.Path(kCornerName), kCommittedAttribute).value_or("none"), "15");
}

TEST("committed bytes – another process is adding – are not added") {
  const Cache cache;
  CHECK_OK(AddCommitted(cache.directory(), 10));
  const testing::OpenFile other(cache.Path(kCornerName));
  CHECK(other.TryFlock());
  CHECK_FAILS(AddCommitted(cache.directory(), 5), EWOULDBLOCK);
}

TEST("committed bytes – a link in place of the corner – are not written through it") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path("elsewhere").c_str(), 0755), 0);
  CHECK_EQ(::symlink("elsewhere", cache.Path(kCornerName).c_str()), 0);
  CHECK(!AddCommitted(cache.directory(), 10).ok());
  CHECK(!testing::Attribute(cache.Path("elsewhere"), kCommittedAttribute).has_value());
  CHECK(!testing::IsFlocked(cache.Path("elsewhere")));
}

TEST("committed bytes – corner cannot be opened, made or written – return the reason") {
  const Cache cache;
  for (const auto& [call, nth, code] :
       {std::tuple{"openat", 1, EMFILE}, {"mkdirat", 1, EROFS}, {"openat", 2, EACCES}, {"flock", 1, ENOLCK}}) {
    const Faults faults(testing::RefuseNth(call, nth, code));
    CHECK_FAILS(AddCommitted(cache.directory(), 10), code);
  }
}

TEST("committed bytes – corner made by another process meanwhile – use that one") {
  const Cache cache;
  const Faults faults(testing::Before("mkdirat", 1, [&] { return ::mkdir(cache.Path(kCornerName).c_str(), 0755); }));
  CHECK_EQ(AddCommitted(cache.directory(), 10).value(), 10);
}

}  // namespace
}  // namespace xattr_cache
