#include "core/evictor_lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "cache_fixture.h"
#include "faults.h"
#include "harness.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;

TEST("the evictor's lock – taken – keeps others out until it is released") {
  const Cache cache;
  {
    const auto lock = EvictorLock::TryAcquire(cache.directory());
    CHECK_OK(lock);
    CHECK_FAILS(EvictorLock::TryAcquire(cache.directory()), EWOULDBLOCK);
  }
  CHECK_OK(EvictorLock::TryAcquire(cache.directory()));
}

TEST("the evictor's lock – moved – is held by the new object alone") {
  const Cache cache;
  std::optional<Result<EvictorLock>> first(EvictorLock::TryAcquire(cache.directory()));
  CHECK_OK(*first);
  std::optional<EvictorLock> second(std::move(first->value()));
  first.reset();
  CHECK_FAILS(EvictorLock::TryAcquire(cache.directory()), EWOULDBLOCK);
  second.reset();
  CHECK_OK(EvictorLock::TryAcquire(cache.directory()));
}

TEST("the evictor's lock – its process was killed – is free") {
  const Cache cache;
  std::optional<Result<EvictorLock>> lock;
  testing::Child child([&] { lock.emplace(EvictorLock::TryAcquire(cache.directory())); });
  CHECK_FAILS(EvictorLock::TryAcquire(cache.directory()), EWOULDBLOCK);
  child.Kill();
  CHECK_OK(EvictorLock::TryAcquire(cache.directory()));
}

TEST("the evictor's lock – locks do not work – is had by each") {
  const Cache cache;
  const Faults faults(testing::Refuse("flock", ENOLCK));
  const auto first = EvictorLock::TryAcquire(cache.directory());
  CHECK_OK(first);
  CHECK_OK(EvictorLock::TryAcquire(cache.directory()));
}

TEST("the evictor's lock – full disk – is had by each") {
  for (const int full : {ENOSPC, EDQUOT}) {
    for (const char* call : {"openat", "mkdirat"}) {
      const Cache cache;
      if (call == std::string_view("openat")) CHECK_EQ(::mkdir(cache.Path(".xattr-cache").c_str(), 0755), 0);
      // The corner is opened first, then the file without and with O_CREAT.
      const Faults faults(testing::RefuseNth(call, call == std::string_view("openat") ? 3 : 1, full));
      CHECK_OK(EvictorLock::TryAcquire(cache.directory()));
    }
  }
}

TEST("the evictor's lock – cannot be opened – returns the reason") {
  const Cache cache;
  const Faults faults(testing::Refuse("openat", EIO));
  CHECK_FAILS(EvictorLock::TryAcquire(cache.directory()), EIO);
}

TEST("the evictor's lock – a link in its place – is not followed") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path(".xattr-cache").c_str(), 0755), 0);
  CHECK_EQ(::symlink(cache.Path("target").c_str(), cache.Path(".xattr-cache/evictor").c_str()), 0);
  CHECK_FAILS(EvictorLock::TryAcquire(cache.directory()), ELOOP);
  CHECK(!testing::Exists(cache.Path("target")));
}

}  // namespace
}  // namespace xattr_cache
