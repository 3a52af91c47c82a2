// The right to write an image: ImageWriter::Claim.

#include <string>

#include "cache_fixture.h"
#include "core/image_writer.h"
#include "faults.h"
#include "harness.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;
using testing::Faults;

TEST("glance B1: a claim – image being written – is refused") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_FAILS(cache.Claim("a"), EWOULDBLOCK);
  CHECK_OK(cache.Claim("b"));
  CHECK_OK(writer.value().Commit());
  CHECK_OK(cache.Claim("a"));
}

TEST("a claim – refused – leaves nothing of its own") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const std::string before = testing::Names(cache.Path("incomplete"));
  CHECK_FAILS(cache.Claim("a"), EWOULDBLOCK);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), before);
}

TEST("a claim – foreign writer – is busy") {
  const Cache cache;
  testing::WriteFile(cache.Path("incomplete/a"), "its");
  CHECK_FAILS(cache.Claim("a"), EBUSY);
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "its");
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "a");
}

TEST("glance B15: a claim – writer killed – is granted immediately, without its bytes") {
  const Cache cache;
  testing::Child killed([&] {
    auto* claim = new auto(cache.Claim("a"));
    (void)claim->value().Write(Bytes("half of what was meant"));
  });
  CHECK_FAILS(cache.Claim("a"), EWOULDBLOCK);
  killed.Kill();
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("all")));
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "all");
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a claim – a new dead writer after each retired one – gives up in the end") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  // Another dies as soon as this claim has removed the token of the one before.
  const Faults faults([&, unlinked = 0](std::string_view call) mutable {
    if (call == "linkat" && ++unlinked > 1 && !testing::Exists(cache.Path("incomplete/a"))) {
      cache.LeaveDeadWriter("a", "half");
    }
    return 0;
  });
  CHECK_FAILS(cache.Claim("a"), EWOULDBLOCK);
}

TEST("a claim – no descriptors left – returns the reason") {
  const Cache cache;
  {
    const Faults faults(testing::Refuse("openat", EMFILE));
    CHECK_FAILS(cache.Claim("a"), EMFILE);
  }
  {
    const Faults faults(testing::Refuse("getrandom", EIO));
    CHECK_FAILS(cache.Claim("a"), EIO);
  }
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a claim – dead predecessor cannot be removed – fails with the reason") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  const Faults faults(testing::Refuse("unlinkat", EACCES));
  CHECK_FAILS(cache.Claim("a"), EACCES);
}

}  // namespace
}  // namespace xattr_cache
