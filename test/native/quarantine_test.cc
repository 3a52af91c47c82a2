#include "core/quarantine.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "cache_fixture.h"
#include "core/lookup.h"
#include "harness.h"
#include "posix/file_lock.h"
#include "posix/unique_fd.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Cache;

UniqueFd OpenFile(const Cache& cache) {
  return UniqueFd(::open(cache.Path("a").c_str(), O_RDONLY | O_CLOEXEC));
}

TEST("a damaged image – quarantined – is in invalid/, with the reason") {
  const Cache cache;
  cache.AddImage("a", "damaged");
  const UniqueFd file = OpenFile(cache);
  CHECK_EQ(Quarantine(cache.directory(), "a", file.get(), "why").value(), true);
  CHECK(!testing::Exists(cache.Path("a")));
  CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "damaged");
  CHECK_EQ(testing::Attribute(cache.Path("invalid/a"), kErrorAttribute), "why");
}

TEST("a damaged image – replaced meanwhile – the new one is left alone") {
  const Cache cache;
  cache.AddImage("a", "damaged");
  const UniqueFd file = OpenFile(cache);
  CHECK_OK(DeleteImage(cache.directory(), "a"));
  CHECK_EQ(Quarantine(cache.directory(), "a", file.get(), "why").value(), false);
  cache.AddImage("a", "new");
  CHECK_EQ(Quarantine(cache.directory(), "a", file.get(), "why").value(), false);
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "new");
  CHECK_EQ(testing::Names(cache.Path("invalid")), "");
}

TEST("a damaged image – locked – must be waited for") {
  const Cache cache;
  cache.AddImage("a", "damaged");
  const UniqueFd file = OpenFile(cache);
  const UniqueFd other = OpenFile(cache);
  {
    const auto lock = FileLock::TryAcquire(other.get());
    CHECK_OK(lock);
    CHECK_FAILS(Quarantine(cache.directory(), "a", file.get(), "why"), EWOULDBLOCK);
  }
  CHECK_EQ(Quarantine(cache.directory(), "a", file.get(), "why").value(), true);
  CHECK(!testing::IsFlocked(cache.Path("invalid/a")));
}

}  // namespace
}  // namespace xattr_cache
