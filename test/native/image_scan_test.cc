#include "core/image_scan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>

#include "cache_fixture.h"
#include "core/lookup.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;

std::string NamesOf(const Result<ImageList>& list) {
  if (!list.ok()) return testing::Describe(list.error());
  std::string names;
  for (size_t i = 0; i < list.value().size(); i++) {
    names += (i == 0 ? "" : " ") + std::string(list.value().name(list.value().row(i)));
  }
  return names;
}

// Everything that a cache directory may hold besides images.
void AddWhatIsNoImage(const Cache& cache) {
  testing::WriteFile(cache.Path(".hidden"), "hidden");
  testing::WriteFile(cache.Path(".d-0123456789abcdef"), "private");
  testing::WriteFile(cache.Path("token"), "");
  testing::SetAttribute(cache.Path("token"), kWriterAttribute, ".d-0123456789abcdef boot");
  CHECK_EQ(::mkdir(cache.Path("directory").c_str(), 0755), 0);
  CHECK_EQ(::mkfifo(cache.Path("fifo").c_str(), 0644), 0);
  CHECK_EQ(::symlink("/proc/self/status", cache.Path("link").c_str()), 0);
  testing::WriteFile(cache.Path("incomplete/partial"), "partial");
}

TEST("glance B19: a listing – odd entries – lists and sums images only") {
  const Cache cache;
  cache.AddImage("b", "22");
  cache.AddImage("a", "333");
  cache.AddImage("empty", "");
  AddWhatIsNoImage(cache);
  CHECK_EQ(NamesOf(ListImages(cache.directory())), "a b empty");
  CHECK_EQ(SumImages(cache.directory()).value(), 5);
  CHECK_EQ(FindColdest(cache.directory()).value()->id, "b");
}

TEST("a scan – names not UTF-8 – are listed, summed and deleted, never the coldest") {
  const Cache cache;
  cache.AddImage("old\xFF", "333", 100);
  cache.AddImage("a", "22");
  testing::WriteFile(cache.Path("invalid/\xFF"), "half");
  testing::WriteFile(cache.Path("queue/\xFF"), "");
  CHECK_EQ(NamesOf(ListImages(cache.directory())), "a old\xFF");
  CHECK_EQ(SumImages(cache.directory()).value(), 5);
  CHECK_EQ(FindColdest(cache.directory()).value()->id, "a");
  CHECK_EQ(NamesOf(ListInvalid(cache.directory())), "\xFF");
  CHECK_EQ(NamesOf(ListQueue(cache.directory())), "");
  CHECK_EQ(DeleteAllImages(cache.directory()).value(), 2);
  CHECK_EQ(SumImages(cache.directory()).value(), 0);
}

TEST("a scan – empty cache – lists, sums and evicts nothing") {
  const Cache cache;
  CHECK_EQ(NamesOf(ListImages(cache.directory())), "");
  CHECK_EQ(NamesOf(ListInvalid(cache.directory())), "");
  CHECK_EQ(NamesOf(ListQueue(cache.directory())), "");
  CHECK_EQ(SumImages(cache.directory()).value(), 0);
  CHECK(!FindColdest(cache.directory()).value().has_value());
  CHECK_EQ(DeleteAllImages(cache.directory()).value(), 0);
  CHECK_EQ(DequeueAll(cache.directory()).value(), 0);
}

TEST("a listing – any image – has its metadata") {
  const Cache cache;
  const std::string bytes(5000, 'b');
  cache.AddImage("a", bytes);
  testing::SetAttribute(cache.Path("a"), kHitsAttribute, "12");
  testing::SetTimes(cache.Path("a"), 1'600'000'000'123'456'789, 1'500'000'000'000'000'001);
  const auto list = ListImages(cache.directory());
  CHECK_OK(list);
  CHECK_EQ(list.value().size(), 1);
  const ImageRow& row = list.value().row(0);
  CHECK_EQ(row.size, 5000);
  CHECK_EQ(row.allocated, static_cast<uint64_t>(testing::StatOf(cache.Path("a")).st_blocks) * 512);
  CHECK_EQ(row.inode, testing::StatOf(cache.Path("a")).st_ino);
  CHECK_EQ(row.accessed_ns, 1'600'000'000'123'456'789);
  CHECK_EQ(row.modified_ns, 1'500'000'000'000'000'001);
  CHECK_EQ(row.hits, 12);
}

TEST("glance B7: a listing – hits missing, damaged or far too long – has 0 hits") {
  const Cache cache;
  testing::WriteFile(cache.Path("a"), "bytes");
  cache.AddImage("b", "bytes");
  testing::SetAttribute(cache.Path("b"), kHitsAttribute, "many");
  cache.AddImage("c", "bytes");
  testing::SetAttribute(cache.Path("c"), kHitsAttribute, std::string(500, '1'));
  const auto list = ListImages(cache.directory());
  CHECK_EQ(NamesOf(list), "a b c");
  for (size_t i = 0; i < 3; i++) CHECK_EQ(list.value().row(i).hits, 0);
}

TEST("a listing – kernel without getxattrat – reads the hits too") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  testing::SetAttribute(cache.Path("a"), kHitsAttribute, "12");
  for (const int code : {ENOSYS, EPERM}) {
    const Faults faults(testing::Refuse("getxattrat", code));
    CHECK_EQ(ListImages(cache.directory()).value().row(0).hits, 12);
  }
  for (const char* call : {"openat", "fgetxattr"}) {
    // The first open is the walk's.
    const Faults faults([call, opened = 0](std::string_view name) mutable {
      if (name == "getxattrat") return ENOSYS;
      if (name == "openat" && ++opened == 1) return 0;
      return name == call ? EACCES : 0;
    });
    CHECK_EQ(ListImages(cache.directory()).value().row(0).hits, 0);
  }
}

TEST("a listing – in batches – has each image once") {
  const Cache cache;
  std::set<std::string> names;
  for (int i = 0; i < 25; i++) cache.AddImage(*names.insert("image-" + std::to_string(i)).first, "bytes");
  auto scan = ImageScan::Open(cache.directory());
  CHECK_OK(scan);
  std::set<std::string> seen;
  for (const size_t size : {10u, 10u, 5u, 0u}) {
    const auto batch = scan.value().Next(10, /*with_hits=*/false);
    CHECK_OK(batch);
    CHECK_EQ(batch.value().size(), size);
    for (size_t i = 0; i < size; i++) CHECK(seen.emplace(batch.value().name(batch.value().row(i))).second);
  }
  CHECK(seen == names);
}

TEST("glance B8: a scan – name vanishes on the way – passes over it") {
  const Cache cache;
  for (const char* id : {"a", "b", "c"}) cache.AddImage(id, "bytes");
  for (const int gone : {ENOENT, ESTALE}) {
    const Faults faults(testing::RefuseNth("statx", 2, gone));
    CHECK_EQ(ListImages(cache.directory()).value().size(), 2);
  }
  {
    const Faults faults(testing::RefuseNth("statx", 2, ENOENT));
    CHECK_EQ(SumImages(cache.directory()).value(), 10);
  }
  cache.AddImage("empty", "");
  const Faults faults([&](std::string_view call) {
    if (call == "statx" && testing::Exists(cache.Path("empty"))) ::unlink(cache.Path("empty").c_str());
    return 0;
  });
  CHECK_EQ(NamesOf(ListImages(cache.directory())), "a b c");
}

TEST("a scan – of any kind, cannot go on – returns the reason") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  testing::WriteFile(cache.Path("invalid/a"), "half");
  testing::WriteFile(cache.Path("queue/a"), "");
  testing::WriteFile(cache.Path("incomplete/a"), "");
  for (const char* call : {"openat", "getdents64", "statx"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(ListImages(cache.directory()), EIO);
    CHECK_FAILS(ListInvalid(cache.directory()), EIO);
    CHECK_FAILS(ListQueue(cache.directory()), EIO);
    CHECK_FAILS(SumImages(cache.directory()), EIO);
    CHECK_FAILS(FindColdest(cache.directory()), EIO);
    CHECK_FAILS(DeleteAllImages(cache.directory()), EIO);
    CHECK_FAILS(DequeueAll(cache.directory()), EIO);
    CHECK_FAILS(MeasureUsage(cache.directory()), EIO);
  }
}

TEST("a listing – empty file that cannot be examined – fails") {
  const Cache cache;
  cache.AddImage("empty", "");
  const Faults faults(testing::Refuse("fgetxattr", EIO));
  CHECK_FAILS(ListImages(cache.directory()), EIO);
}

TEST("failed writes – listed – are oldest first, each with its error") {
  const Cache cache;
  const auto add = [&](const char* name, const char* error, double seconds_ago) {
    testing::WriteFile(cache.Path(name), "half");
    if (error != nullptr) testing::SetAttribute(cache.Path(name), kErrorAttribute, error);
    testing::MakeOlder(cache.Path(name), seconds_ago);
  };
  add("invalid/young", "why", 10);
  add("invalid/old", nullptr, 30);
  add("invalid/middle", "a reason", 20);
  const auto list = ListInvalid(cache.directory());
  CHECK_EQ(NamesOf(list), "old middle young");
  CHECK_EQ(list.value().error(list.value().row(0)), "");
  CHECK_EQ(list.value().error(list.value().row(1)), "a reason");
  CHECK_EQ(list.value().error(list.value().row(2)), "why");
  CHECK_EQ(list.value().row(2).size, 4);
  const Faults faults(testing::Refuse("fgetxattr", EIO));
  CHECK_EQ(NamesOf(ListInvalid(cache.directory())), "old middle young");
}

TEST("requests – listed – are oldest first, within a clock tick too") {
  const Cache cache;
  for (const char* id : {"c", "a", "b", "e", "d"}) CHECK(QueueImage(cache.directory(), id, {}).value());
  CHECK_EQ(NamesOf(ListQueue(cache.directory())), "c a b e d");
}

TEST("the LRU victim – equal ages – is the smaller, then the first by name") {
  const Cache cache;
  const auto coldest = [&] { return FindColdest(cache.directory()).value()->id; };
  cache.AddImage("young", "1", 10);
  cache.AddImage("old", "1", 20);
  CHECK_EQ(coldest(), "old");
  testing::SetTimes(cache.Path("old"), testing::NowNs(), testing::ModifiedNs(cache.Path("old")));
  CHECK_EQ(coldest(), "young");
  for (const char* id : {"young", "old"}) testing::SetTimes(cache.Path(id), 5'000'000'000, 5'000'000'000);
  CHECK_EQ(coldest(), "old");
  cache.AddImage("small", "", 0);
  testing::SetTimes(cache.Path("small"), 5'000'000'000, 5'000'000'000);
  CHECK_EQ(coldest(), "small");
  testing::SetTimes(cache.Path("young"), 4'999'999'999, 4'999'999'999);
  CHECK_EQ(coldest(), "young");
  CHECK_EQ(FindColdest(cache.directory()).value()->recency_ns, 4'999'999'999);
  CHECK_EQ(FindColdest(cache.directory()).value()->size, 1);
}

TEST("a removal of all images – odd entries – removes images only") {
  const Cache cache;
  for (const char* id : {"a", "b", "empty"}) cache.AddImage(id, id == std::string_view("empty") ? "" : "bytes");
  AddWhatIsNoImage(cache);
  CHECK_EQ(DeleteAllImages(cache.directory()).value(), 3);
  CHECK_EQ(testing::Names(cache.path()),
           ".d-0123456789abcdef .hidden directory fifo incomplete invalid link queue token");
  cache.AddImage("a", "bytes");
  const Faults faults(testing::Refuse("unlinkat", EACCES));
  CHECK_FAILS(DeleteAllImages(cache.directory()), EACCES);
}

TEST("a removal of all images – failed – names the file") {
  const Cache cache;
  cache.AddImage("a", "1");
  const Faults faults(testing::Refuse("unlinkat", EPERM));
  const auto deleted = DeleteAllImages(cache.directory());
  CHECK_FAILS(deleted, EPERM);
  CHECK(deleted.error().file != nullptr && *deleted.error().file == "a");
}

TEST("a removal of all requests – some vanish – counts only its own") {
  const Cache cache;
  for (const char* id : {"a", "b", "c"}) CHECK(QueueImage(cache.directory(), id, {}).value());
  {
    const Faults faults(testing::RefuseNth("unlinkat", 3, EACCES));
    CHECK_FAILS(DequeueAll(cache.directory()), EACCES);
  }
  CHECK_EQ(testing::Names(cache.Path("queue")), "c");
  CHECK(QueueImage(cache.directory(), "d", {}).value());
  const Faults faults(testing::RefuseNth("unlinkat", 1, ENOENT));
  CHECK_EQ(DequeueAll(cache.directory()).value(), 1);
}

TEST("usage – any cache – counts each part, and the free space") {
  const Cache cache;
  const auto writer = cache.Claim("claimed");
  testing::WriteFile(cache.Path("incomplete/foreign"), "its");
  for (const char* name : {"invalid/a", "invalid/b", "invalid/c", "queue/a"}) testing::WriteFile(cache.Path(name), "");
  const auto usage = MeasureUsage(cache.directory());
  CHECK_OK(usage);
  CHECK_EQ(usage.value().incomplete, 2);
  CHECK_EQ(usage.value().invalid, 3);
  CHECK_EQ(usage.value().queued, 1);
  CHECK(usage.value().free_bytes > 0);
  const Faults faults(testing::Refuse("fstatfs", EIO));
  CHECK_FAILS(MeasureUsage(cache.directory()), EIO);
}

}  // namespace
}  // namespace xattr_cache
