#include "core/lookup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "cache_fixture.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;
using testing::Faults;

TEST("a lookup – image missing – is not cached, without size and hits") {
  const Cache cache;
  CHECK(!FindImage(cache.directory(), "a").value().cached);
  CHECK_EQ(FindImage(cache.directory(), "a").value().size, 0);
  CHECK_EQ(ReadHits(cache.directory(), "a").value(), 0);
  CHECK(!IsQueued(cache.directory(), "a").value());
}

TEST("a lookup – image cached – has its size and hits") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  testing::SetAttribute(cache.Path("a"), kHitsAttribute, "17");
  CHECK(FindImage(cache.directory(), "a").value().cached);
  CHECK_EQ(FindImage(cache.directory(), "a").value().size, 5);
  CHECK_EQ(ReadHits(cache.directory(), "a").value(), 17);
}

TEST("a lookup – empty image or renamed token – only the first is cached") {
  const Cache cache;
  cache.AddImage("a", "");
  CHECK(FindImage(cache.directory(), "a").value().cached);
  testing::SetAttribute(cache.Path("a"), kWriterAttribute, ".d-0123456789abcdef boot");
  CHECK(!FindImage(cache.directory(), "a").value().cached);
  CHECK_EQ(ReadHits(cache.directory(), "a").value(), 0);
}

TEST("a lookup – empty file that may not be opened – is cached") {
  const Cache cache;
  cache.AddImage("a", "");
  {
    const Faults faults(testing::Refuse("openat", EACCES));
    CHECK(FindImage(cache.directory(), "a").value().cached);
  }
  {
    const Faults faults(testing::Refuse("openat", EMFILE));
    CHECK_FAILS(FindImage(cache.directory(), "a"), EMFILE);
  }
  const Faults faults(testing::Before("openat", 1, [&] { return ::unlink(cache.Path("a").c_str()), 0; }));
  CHECK(!FindImage(cache.directory(), "a").value().cached);
}

TEST("a lookup – directory or link – is no image") {
  const Cache cache;
  cache.AddImage("b", "bytes");
  CHECK_EQ(::mkdir(cache.Path("directory").c_str(), 0755), 0);
  CHECK_EQ(::symlink("b", cache.Path("link").c_str()), 0);
  for (const char* id : {"directory", "link"}) {
    CHECK(!FindImage(cache.directory(), id).value().cached);
    CHECK_EQ(ReadHits(cache.directory(), id).value(), 0);
  }
}

TEST("a lookup – the kernel refuses – is an error, not a wrong result") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  {
    const Faults faults(testing::Refuse("statx", EIO));
    CHECK_FAILS(FindImage(cache.directory(), "a"), EIO);
    CHECK_FAILS(IsQueued(cache.directory(), "a"), EIO);
    CHECK_FAILS(QueueImage(cache.directory(), "a", {}), EIO);
  }
  {
    const Faults faults(testing::Refuse("unlinkat", EROFS));
    CHECK_FAILS(DeleteImage(cache.directory(), "a"), EROFS);
    CHECK_FAILS(DequeueImage(cache.directory(), "a"), EROFS);
  }
  const Faults faults(testing::Refuse("openat", EIO));
  CHECK_FAILS(ReadHits(cache.directory(), "a"), EIO);
  CHECK_FAILS(DeleteImage(cache.directory(), "a"), EIO);
  CHECK_FAILS(QueueImage(cache.directory(), "b", {}), EIO);
}

TEST("a delete – called twice – removes the image, then finds nothing") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  CHECK(DeleteImage(cache.directory(), "a").value());
  CHECK(!testing::Exists(cache.Path("a")));
  CHECK(!DeleteImage(cache.directory(), "a").value());
}

TEST("a delete – writer about to publish – takes its bytes, and leaves its token") {
  const Cache cache;
  const auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const std::string data = cache.DataNameOf("a");
  CHECK(!DeleteImage(cache.directory(), "a").value());
  CHECK(!testing::Exists(cache.Path("incomplete/" + data)));
  CHECK(testing::IsFlocked(cache.Path("incomplete/a")));
}

TEST("a delete – commit in between – takes the bytes first, so the commit fails") {
  const Cache cache;
  cache.AddImage("a", "old");
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("new")));
  int committed = -1;
  // Between its two removals.
  const Faults faults(testing::Before("unlinkat", 2, [&] {
    committed = writer.value().Commit().ok() ? 1 : 0;
    return 0;
  }));
  CHECK(DeleteImage(cache.directory(), "a").value());
  CHECK_EQ(committed, 0);
  CHECK(!testing::Exists(cache.Path("a")));
}

TEST("a delete – directory – leaves it") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path("a").c_str(), 0755), 0);
  CHECK_EQ(::mkdir(cache.Path("queue/a").c_str(), 0755), 0);
  CHECK(!DeleteImage(cache.directory(), "a").value());
  CHECK(!DequeueImage(cache.directory(), "a").value());
  CHECK(testing::Exists(cache.Path("a")));
}

TEST("a request – made – is an empty file in queue/, once, with the clock's own time") {
  const Cache cache;
  const int64_t before = testing::NowNs();
  CHECK(QueueImage(cache.directory(), "a", {}).value());
  CHECK(testing::ModifiedNs(cache.Path("queue/a")) >= before);
  CHECK_EQ(testing::ReadFile(cache.Path("queue/a")), "");
  CHECK(IsQueued(cache.directory(), "a").value());
  CHECK(!QueueImage(cache.directory(), "a", {}).value());
  CHECK(DequeueImage(cache.directory(), "a").value());
  CHECK(!DequeueImage(cache.directory(), "a").value());
  CHECK(!IsQueued(cache.directory(), "a").value());
}

TEST("a request – image cached, in progress, or of a dead writer – made for the last") {
  const Cache cache;
  cache.AddImage("cached", "bytes");
  CHECK(!QueueImage(cache.directory(), "cached", {}).value());
  const auto writer = cache.Claim("claimed");
  CHECK(!QueueImage(cache.directory(), "claimed", {}).value());
  testing::WriteFile(cache.Path("incomplete/foreign"), "its");
  CHECK(!QueueImage(cache.directory(), "foreign", {}).value());
  cache.LeaveDeadWriter("dead", "half");
  CHECK(QueueImage(cache.directory(), "dead", {}).value());
  CHECK_EQ(testing::Names(cache.Path("queue")), "dead");
}

TEST("a request – image committed meanwhile – is withdrawn") {
  const Cache cache;
  {
    const Faults faults(testing::Before("utimensat", 1, [&] { return cache.AddImage("a", "bytes"), 0; }));
    CHECK(!QueueImage(cache.directory(), "a", {}).value());
  }
  CHECK(!IsQueued(cache.directory(), "a").value());
  CHECK_EQ(::unlink(cache.Path("a").c_str()), 0);
  const Faults faults([&](std::string_view call) {
    if (call == "utimensat") cache.AddImage("a", "bytes");
    return call == "unlinkat" ? EIO : 0;
  });
  CHECK_FAILS(QueueImage(cache.directory(), "a", {}), EIO);
}

TEST("a request – cannot be made – returns the reason") {
  const Cache cache;
  const Faults faults(testing::RefuseNth("openat", 2, ENOSPC));  // the first looks for a token
  CHECK_FAILS(QueueImage(cache.directory(), "a", {}), ENOSPC);
}

TEST("a request – entry in queue/ that is no file – is none") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path("queue/a").c_str(), 0755), 0);
  CHECK(!IsQueued(cache.directory(), "a").value());
}

}  // namespace
}  // namespace xattr_cache
