#include "posix/named_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cache_fixture.h"
#include "faults.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;
using testing::OpenFile;

TEST("a name – file opened by it – is that file until renamed, replaced or gone") {
  const Cache cache;
  const int base = cache.directory().base();
  cache.AddImage("a", "bytes");
  cache.AddImage("b", "other");
  const OpenFile file(cache.Path("a"));
  CHECK(IsStill(base, "a", file.fd()));
  CHECK_EQ(StatIfStill(base, "a", file.fd())->size, 5);
  CHECK(!IsStill(base, "b", file.fd()));
  CHECK_EQ(::rename(cache.Path("a").c_str(), cache.Path("b").c_str()), 0);
  CHECK(!IsStill(base, "a", file.fd()));
  CHECK(IsStill(base, "b", file.fd()));
}

TEST("a name – cannot be examined – is not the open file") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  const OpenFile file(cache.Path("a"));
  for (const int call : {1, 2}) {
    const Faults faults(testing::RefuseNth("statx", call, EIO));
    CHECK(!IsStill(cache.directory().base(), "a", file.fd()));
  }
}

TEST("an unlink – file present, missing or stuck – returns which, with the reason") {
  const Cache cache;
  const int base = cache.directory().base();
  cache.AddImage("a", "bytes");
  {
    const Faults faults(testing::Refuse("unlinkat", EROFS));
    CHECK_FAILS(Unlink(base, "a"), EROFS);
  }
  CHECK(Unlink(base, "a").value());
  CHECK(!Unlink(base, "a").value());
  CHECK(!Unlink(base, "queue").value());
  CHECK(testing::Exists(cache.Path("queue")));
}

}  // namespace
}  // namespace xattr_cache
