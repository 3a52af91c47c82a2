#include "core/publish.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "cache_fixture.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;
using testing::Faults;
using testing::OpenFile;

TEST("a write – any position – puts the bytes there") {
  const Cache cache;
  testing::WriteFile(cache.Path("file"), "0123456789");
  const OpenFile file(cache.Path("file"), O_RDWR);
  CHECK_OK(WriteFully(file.fd(), Bytes("abc"), 8));
  CHECK_OK(WriteFully(file.fd(), Bytes("x"), 2));
  CHECK_EQ(testing::ReadFile(cache.Path("file")), "01x34567abc");
  const Faults faults(testing::Refuse("pwrite64", ENOSPC));
  CHECK_FAILS(WriteFully(file.fd(), Bytes("abc"), 0), ENOSPC);
  CHECK_OK(WriteFully(file.fd(), Bytes(""), 0));
}

TEST("a write – interrupted before it began – goes on") {
  const Cache cache;
  testing::WriteFile(cache.Path("file"), "");
  const OpenFile file(cache.Path("file"), O_RDWR);
  const Faults faults(testing::RefuseNth("pwrite64", 1, EINTR));
  CHECK_OK(WriteFully(file.fd(), Bytes("abc"), 0));
  CHECK_EQ(testing::ReadFile(cache.Path("file")), "abc");
}

TEST("a publish – image deleted before – fails") {
  const Cache cache;
  testing::WriteFile(cache.Path("incomplete/x"), "bytes");
  const OpenFile file(cache.Path("incomplete/x"));
  Draft draft{.fd = file.fd(), .name = "x"};
  CHECK_EQ(::unlink(cache.Path("incomplete/x").c_str()), 0);
  CHECK_FAILS(Publish(cache.directory(), draft, "a"), ENOENT);
  testing::WriteFile(cache.Path("a"), "another's");
  CHECK_FAILS(Publish(cache.directory(), draft, "a"), ENOENT);
}

TEST("a rename – failed, outcome unknown – is a failure") {
  const Cache cache;
  testing::WriteFile(cache.Path("incomplete/x"), "bytes");
  const OpenFile file(cache.Path("incomplete/x"));
  Draft draft{.fd = file.fd(), .name = "x"};
  const Faults faults([](std::string_view) { return EIO; });
  CHECK_FAILS(Publish(cache.directory(), draft, "a"), EIO);
}

TEST("a publish – request cannot be removed – succeeds") {
  const Cache cache;
  testing::WriteFile(cache.Path("queue/a"), "");
  {
    const Faults faults(testing::Refuse("unlinkat", EROFS));
    PopQueue(cache.directory(), "a");
  }
  CHECK_EQ(testing::Names(cache.Path("queue")), "a");
  PopQueue(cache.directory(), "a");
  CHECK_EQ(testing::Names(cache.Path("queue")), "");
}

}  // namespace
}  // namespace xattr_cache
