#include "core/eviction.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "cache_fixture.h"
#include "core/image_reader.h"
#include "core/image_scan.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using namespace std::chrono_literals;
using testing::Cache;
using testing::Faults;

// Evicts until the images sum to at most `target`, and returns the evicted ones in order.
std::string EvictTo(const Cache& cache, uint64_t target, size_t step = 1000) {
  auto eviction = Eviction::Begin(cache.shared(), target);
  if (!eviction.ok()) return testing::Describe(eviction.error());
  std::string names;
  while (!eviction.value().done()) {
    const auto evicted = eviction.value().Step(step);
    for (size_t i = 0; i < evicted.images.size(); i++) {
      names += (names.empty() ? "" : " ") + std::string(evicted.images.name(evicted.images.row(i)));
    }
  }
  return names;
}

// Images of ten bytes, the first the coldest.
void AddImages(const Cache& cache, std::initializer_list<const char*> ids) {
  int64_t time = testing::NowNs() - 1000 * testing::kSecond;
  for (const char* id : ids) {
    cache.AddImage(id, "ten bytes.");
    testing::SetTimes(cache.Path(id), time, time);
    time++;  // One nanosecond apart.
  }
}

TEST("an eviction – cache not larger than its target – removes nothing") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  CHECK_EQ(EvictTo(cache, 20), "");
  CHECK_EQ(EvictTo(cache, 21), "");
  CHECK(testing::Exists(cache.Path("a")) && testing::Exists(cache.Path("b")));
}

TEST("glance B9: an eviction – accesses 1 ns apart – removes the oldest, just enough") {
  const Cache cache;
  AddImages(cache, {"d", "b", "a", "e", "c"});
  CHECK_EQ(EvictTo(cache, 39), "d b");
  CHECK_EQ(EvictTo(cache, 20), "a");
  CHECK_EQ(EvictTo(cache, 0), "e c");
  CHECK_EQ(EvictTo(cache, 0), "");
}

TEST("an eviction – steps of one image – has the same order") {
  const Cache cache;
  AddImages(cache, {"d", "b", "a", "e", "c"});
  CHECK_EQ(EvictTo(cache, 10, 1), "d b a e");
}

TEST("an eviction – equal ages – removes the smaller first, then the first by name") {
  const Cache cache;
  for (const char* id : {"c", "b", "large"}) cache.AddImage(id, id == std::string_view("large") ? "many bytes" : "few");
  for (const char* id : {"c", "b", "large"}) testing::SetTimes(cache.Path(id), 5 * testing::kSecond, 0);
  CHECK_EQ(EvictTo(cache, 0), "b c large");
}

TEST("an eviction – modified image – counts the modification as a use") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  testing::SetTimes(cache.Path("a"), 0, testing::NowNs());
  CHECK_EQ(EvictTo(cache, 10), "b");
}

TEST("an eviction – image dated in the future – takes it for used when it was made") {
  const Cache cache;
  AddImages(cache, {"old", "future"});
  const timespec far{13'569'465'600, 0};  // the year 2400
  CHECK_EQ(sys::SetTimes(testing::OpenFile(cache.Path("future")).fd(), far, far), 0);
  cache.AddImage("hot", "ten bytes.", -1);
  const int64_t now = testing::NowNs();
  testing::SetTimes(cache.Path("hot"), now, now);
  CHECK_EQ(FindColdest(cache.directory()).value()->id, "old");
  CHECK_EQ(EvictTo(cache, 10), "old future");
}

TEST("an eviction – one of two times in the future – goes by the other") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  const int64_t future = testing::NowNs() + 1000 * testing::kSecond;
  testing::SetTimes(cache.Path("a"), future, testing::NowNs() - 10 * testing::kSecond);
  testing::SetTimes(cache.Path("c"), testing::NowNs() - 20 * testing::kSecond, future);
  CHECK_EQ(EvictTo(cache, 0), "b c a");
}

TEST("an eviction – future time that passes after the walk – removes the image") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  const int64_t soon = testing::NowNs() + testing::kSecond / 50;
  testing::SetTimes(cache.Path("a"), soon, soon);
  auto eviction = Eviction::Begin(cache.shared(), 0);
  CHECK_OK(eviction);
  std::this_thread::sleep_for(40ms);
  CHECK_EQ(eviction.value().Step(10).images.size(), 2U);
}

TEST("an eviction – image name not UTF-8 – removes it in its turn") {
  const Cache cache;
  AddImages(cache, {"a", "b\xFF", "c"});
  CHECK_EQ(SumImages(cache.directory()).value(), 30U);
  CHECK_EQ(EvictTo(cache, 10), "a b\xFF");
  CHECK(!testing::Exists(cache.Path("b\xFF")));
}

TEST("an eviction – images with hits – reports the hits as they stood") {
  const Cache cache;
  AddImages(cache, {"a"});
  testing::SetAttribute(cache.Path("a"), kHitsAttribute, "3");
  auto eviction = Eviction::Begin(cache.shared(), 0);
  CHECK_OK(eviction);
  testing::SetAttribute(cache.Path("a"), kHitsAttribute, "4");
  const auto evicted = eviction.value().Step(10);
  CHECK_EQ(evicted.images.size(), 1);
  CHECK_EQ(evicted.images.row(0).hits, 4);
  CHECK_EQ(evicted.images.row(0).size, 10);
  CHECK(!evicted.problem.has_value());
}

TEST("an eviction – image read after the walk – keeps it, and removes the next") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  auto eviction = Eviction::Begin(cache.shared(), 20);
  CHECK_OK(eviction);
  {
    const testing::OpenFile reader(cache.Path("a"));
    CHECK_OK(RecordHit(reader.fd(), 0ns));
  }
  const auto evicted = eviction.value().Step(10);
  CHECK_EQ(evicted.images.size(), 1);
  CHECK_EQ(evicted.images.name(evicted.images.row(0)), "b");
  CHECK(testing::Exists(cache.Path("a")));
}

TEST("an eviction – image replaced after the walk – keeps it, though it looks as old") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  const int64_t time = testing::ModifiedNs(cache.Path("a"));
  const testing::OpenFile keeps_the_inode(cache.Path("a"));
  auto eviction = Eviction::Begin(cache.shared(), 10);
  CHECK_OK(eviction);
  CHECK_OK(PutImage(cache.directory(), "a", testing::Bytes("new bytes.")));
  testing::SetTimes(cache.Path("a"), time, time);
  const auto evicted = eviction.value().Step(10);
  CHECK_EQ(evicted.images.size(), 1);
  CHECK_EQ(evicted.images.name(evicted.images.row(0)), "b");
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "new bytes.");
}

TEST("an eviction – image replaced while its lock is taken – keeps it") {
  const Cache cache;
  AddImages(cache, {"a"});
  auto eviction = Eviction::Begin(cache.shared(), 0);
  CHECK_OK(eviction);
  const Faults faults(testing::Before("flock", 1, [&] {
    const int64_t time = testing::ModifiedNs(cache.Path("a"));
    const bool put = PutImage(cache.directory(), "a", testing::Bytes("new bytes.")).ok();
    testing::SetTimes(cache.Path("a"), time, time);
    return put ? 0 : EIO;
  }));
  CHECK_EQ(eviction.value().Step(10).images.size(), 0);
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "new bytes.");
}

TEST("an eviction – image locked – keeps it, without an error or a second try") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  const testing::OpenFile holder(cache.Path("a"));
  CHECK(holder.TryFlock());
  auto eviction = Eviction::Begin(cache.shared(), 10);
  CHECK_OK(eviction);
  int locks = 0;
  const Faults faults([&](std::string_view call) { return locks += call == "flock" ? 1 : 0, 0; });
  const auto evicted = eviction.value().Step(10);
  CHECK_EQ(evicted.images.size(), 1);
  CHECK_EQ(evicted.images.name(evicted.images.row(0)), "b");
  CHECK(!evicted.problem.has_value());
  CHECK(testing::Exists(cache.Path("a")));
  CHECK_EQ(locks, 3);  // One for "a", and for "b" with its release.
}

TEST("an eviction – any image – unlinks it under its lock") {
  const Cache cache;
  AddImages(cache, {"a"});
  auto eviction = Eviction::Begin(cache.shared(), 0);
  CHECK_OK(eviction);
  const testing::OpenFile reader(cache.Path("a"));
  bool locked = false;
  const Faults faults(testing::Before("unlinkat", 1, [&] { return locked = !reader.TryFlock(), 0; }));
  CHECK_EQ(eviction.value().Step(10).images.size(), 1);
  CHECK(locked);
  CHECK(reader.TryFlock());
}

TEST("an eviction – image gone after the walk – passes over it") {
  for (const int moment : {0, 1, 2}) {
    const Cache cache;
    AddImages(cache, {"a"});
    auto eviction = Eviction::Begin(cache.shared(), 0);
    CHECK_OK(eviction);
    const char* const calls[] = {"openat", "flock", "fgetxattr"};
    const Faults faults(testing::Before(calls[moment], 1, [&] { return ::unlink(cache.Path("a").c_str()), 0; }));
    const auto evicted = eviction.value().Step(10);
    CHECK_EQ(evicted.images.size(), 0);
    CHECK(!evicted.problem.has_value());
  }
}

TEST("an eviction – images removed by others after the walk – counts their space too") {
  for (const auto begin : {Eviction::Begin, Eviction::BeginDryRun}) {
    const Cache cache;
    AddImages(cache, {"a", "b", "c"});
    auto eviction = begin(cache.shared(), 20);
    CHECK_OK(eviction);
    CHECK_EQ(::unlink(cache.Path("a").c_str()), 0);
    CHECK_EQ(eviction.value().Step(10).images.size(), 0);
    CHECK(testing::Exists(cache.Path("b")));
  }
}

TEST("an eviction – images replaced by smaller ones after the walk – counts that too") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  auto eviction = Eviction::Begin(cache.shared(), 25);
  CHECK_OK(eviction);
  const testing::OpenFile keeps_the_inode(cache.Path("a"));
  CHECK_OK(PutImage(cache.directory(), "a", testing::Bytes("five.")));
  CHECK_EQ(eviction.value().Step(10).images.size(), 0);
  CHECK(testing::Exists(cache.Path("a")) && testing::Exists(cache.Path("b")));
}

TEST("an eviction – image cannot be removed – removes the others, reports the error") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  for (const char* call : {"openat", "statx", "unlinkat"}) {
    auto eviction = Eviction::Begin(cache.shared(), 20);
    CHECK_OK(eviction);
    const Faults faults(testing::Refuse(call, EIO));
    const auto evicted = eviction.value().Step(10);
    CHECK_EQ(evicted.images.size(), 0);
    CHECK(evicted.problem.has_value());
    CHECK_EQ(evicted.problem->code, EIO);
    CHECK_EQ(evicted.problem->syscall, call);
    CHECK(eviction.value().done());
  }
  auto eviction = Eviction::Begin(cache.shared(), 20);
  CHECK_OK(eviction);
  const Faults faults(testing::RefuseNth("unlinkat", 1, EACCES));
  const auto evicted = eviction.value().Step(10);
  CHECK_EQ(evicted.images.size(), 1);
  CHECK_EQ(evicted.images.name(evicted.images.row(0)), "b");
  CHECK_EQ(evicted.problem->code, EACCES);
}

TEST("an eviction – hits cannot be read – removes the image") {
  const Cache cache;
  AddImages(cache, {"a"});
  auto eviction = Eviction::Begin(cache.shared(), 0);
  CHECK_OK(eviction);
  const Faults faults(testing::Refuse("fgetxattr", EIO));
  const auto evicted = eviction.value().Step(10);
  CHECK_EQ(evicted.images.size(), 1);
  CHECK_EQ(evicted.images.row(0).hits, 0);
}

TEST("glance B11: an eviction – another is running – returns that it must look again") {
  const Cache cache;
  AddImages(cache, {"a"});
  {
    const auto first = Eviction::Begin(cache.shared(), 0);
    CHECK_OK(first);
    CHECK_FAILS(Eviction::Begin(cache.shared(), 0), EWOULDBLOCK);
    CHECK_OK(Eviction::BeginDryRun(cache.shared(), 0));
  }
  CHECK_OK(Eviction::Begin(cache.shared(), 0));
}

TEST("an eviction – cannot begin – returns the reason and leaves no lock") {
  const Cache cache;
  AddImages(cache, {"a"});
  for (const char* call : {"mkdirat", "getdents64", "statx"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(Eviction::Begin(cache.shared(), 0), EIO);
  }
  CHECK_OK(Eviction::Begin(cache.shared(), 0));
  const Faults faults(testing::Refuse("openat", EIO));
  CHECK_FAILS(Eviction::BeginDryRun(cache.shared(), 0), EIO);
}

TEST("a dry run – any cache – reports the victims, and removes nothing") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  testing::SetAttribute(cache.Path("a"), kHitsAttribute, "3");
  auto dry = Eviction::BeginDryRun(cache.shared(), 15);
  CHECK_OK(dry);
  const auto would = dry.value().Step(10);
  CHECK_EQ(would.images.size(), 2);
  CHECK_EQ(would.images.name(would.images.row(0)), "a");
  CHECK_EQ(would.images.row(0).hits, 3);
  CHECK_EQ(would.images.name(would.images.row(1)), "b");
  CHECK_EQ(testing::Names(cache.path()), "a b c incomplete invalid queue");
}

TEST("a dry run – images gone or closed to us – passes over, and reports the closed") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  auto dry = Eviction::BeginDryRun(cache.shared(), 0);
  CHECK_OK(dry);
  CHECK_EQ(::unlink(cache.Path("a").c_str()), 0);
  const Faults faults(testing::RefuseNth("openat", 2, EACCES));
  const auto would = dry.value().Step(10);
  CHECK_EQ(would.images.size(), 0);
  CHECK_EQ(would.problem->code, EACCES);
}

TEST("an eviction – locks do not work – still frees space") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  const Faults faults(testing::Refuse("flock", ENOLCK));
  CHECK_EQ(EvictTo(cache, 10), "a");
}

}  // namespace
}  // namespace xattr_cache
