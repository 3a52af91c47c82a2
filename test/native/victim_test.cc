#include "core/victim.h"

#include <unistd.h>

#include <chrono>

#include "cache_fixture.h"
#include "core/image_reader.h"
#include "core/image_stat.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using namespace std::chrono_literals;
using testing::Cache;
using testing::Faults;
using Outcome = Removal::Outcome;

// The row of "a", with these bytes.
ImageRow AddImage(const Cache& cache, const char* bytes = "bytes") {
  cache.AddImage("a", bytes, 100);
  return ToRow(*StatImage(cache.directory(), "a").value());
}

Result<Removal> Remove(const Cache& cache, const ImageRow& seen) {
  return RemoveVictim(cache.directory(), "a", seen);
}

TEST("a removal – image as it was seen – unlinks it, and returns its hits") {
  const Cache cache;
  const ImageRow seen = AddImage(cache);
  testing::SetAttribute(cache.Path("a"), kHitsAttribute, "7");
  const auto removal = Remove(cache, seen);
  CHECK_OK(removal);
  CHECK_EQ(removal.value().outcome, Outcome::kRemoved);
  CHECK_EQ(removal.value().hits, 7);
  CHECK(!testing::Exists(cache.Path("a")));
}

TEST("a removal – image locked – keeps it, and returns its file") {
  const Cache cache;
  const ImageRow seen = AddImage(cache);
  const testing::OpenFile holder(cache.Path("a"));
  CHECK(holder.TryFlock());
  const auto removal = Remove(cache, seen);
  CHECK_OK(removal);
  CHECK_EQ(removal.value().outcome, Outcome::kInUse);
  CHECK_EQ(removal.value().stat.inode, seen.inode);
  CHECK(testing::Exists(cache.Path("a")));
}

TEST("a removal – image read since – keeps it, and returns the newer access") {
  const Cache cache;
  const ImageRow seen = AddImage(cache);
  CHECK_OK(RecordHit(testing::OpenFile(cache.Path("a")).fd(), 0ns));
  const auto removal = Remove(cache, seen);
  CHECK_OK(removal);
  CHECK_EQ(removal.value().outcome, Outcome::kRead);
  CHECK(ToRow(removal.value().stat).accessed_ns > seen.accessed_ns);
  CHECK(testing::Exists(cache.Path("a")));
}

TEST("a removal – image replaced since – keeps it, and returns the new file") {
  const Cache cache;
  const ImageRow seen = AddImage(cache);
  const testing::OpenFile keeps_the_inode(cache.Path("a"));
  CHECK_OK(PutImage(cache.directory(), "a", testing::Bytes("new bytes")));
  testing::SetTimes(cache.Path("a"), seen.accessed_ns, seen.modified_ns);
  const auto removal = Remove(cache, seen);
  CHECK_OK(removal);
  CHECK_EQ(removal.value().outcome, Outcome::kReplaced);
  CHECK_EQ(removal.value().stat.size, 9);
  CHECK(testing::Exists(cache.Path("a")));
}

TEST("a removal – image gone before any of its calls – returns that it is gone") {
  for (const char* call : {"openat", "flock", "fgetxattr"}) {
    const Cache cache;
    const ImageRow seen = AddImage(cache);
    const Faults faults(testing::Before(call, 1, [&] { return ::unlink(cache.Path("a").c_str()), 0; }));
    const auto removal = Remove(cache, seen);
    CHECK_OK(removal);
    CHECK_EQ(removal.value().outcome, Outcome::kGone);
  }
}

TEST("a removal – any call refused – keeps the image, and returns the error") {
  const Cache cache;
  const ImageRow seen = AddImage(cache);
  for (const char* call : {"openat", "statx", "unlinkat"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(Remove(cache, seen), EIO);
    CHECK(testing::Exists(cache.Path("a")));
  }
}

}  // namespace
}  // namespace xattr_cache
