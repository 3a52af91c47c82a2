#include "core/live_index.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "core/image_reader.h"
#include "core/lookup.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "live_index_fixture.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using namespace std::chrono_literals;
using testing::BuildIndex;
using testing::Cache;
using testing::ColdestOf;
using testing::DifferenceFromWalk;
using testing::Evict;
using testing::Faults;

// Images of ten bytes, the first the coldest.
void AddImages(const Cache& cache, std::initializer_list<const char*> ids) {
  int64_t time = testing::NowNs() - 1000 * testing::kSecond;
  for (const char* id : ids) {
    cache.AddImage(id, "ten bytes.");
    testing::SetTimes(cache.Path(id), time, time);
    time++;
  }
}

void Hit(const Cache& cache, const char* id) {
  (void)RecordHit(testing::OpenFile(cache.Path(id)).fd(), 0ns);
}

TEST("a live index – built – has the images, and nothing else") {
  const Cache cache;
  AddImages(cache, {"a", "b\xFF", "c"});
  testing::WriteFile(cache.Path("empty"), "");
  testing::WriteFile(cache.Path(".hidden"), "bytes");
  testing::WriteFile(cache.Path("incomplete/x"), "bytes");
  CHECK_EQ(::mkdir(cache.Path("directory").c_str(), 0755), 0);
  CHECK_EQ(::symlink("a", cache.Path("link").c_str()), 0);
  CHECK_EQ(::mkfifo(cache.Path("fifo").c_str(), 0644), 0);
  (void)cache.LeaveDeadWriter("token", "bytes");
  CHECK_EQ(::rename(cache.Path("incomplete/token").c_str(), cache.Path("token").c_str()), 0);
  const auto live = BuildIndex(cache);
  CHECK_EQ(live->images(), 4);
  CHECK_EQ(live->size(), 30);
  CHECK_EQ(DifferenceFromWalk(*live, cache), "");
  CHECK_EQ(Evict(*live, cache, 10), "a b\xFF c empty");
  CHECK_EQ(live->images(), 0);
}

TEST("a live index – the same put in later – has the images, and nothing else") {
  const Cache cache;
  const auto live = BuildIndex(cache);
  CHECK_EQ(live->images(), 0);
  CHECK_EQ(ColdestOf(*live), "(none)");
  AddImages(cache, {"a", "b\xFF", "c"});
  testing::WriteFile(cache.Path("empty"), "");
  testing::WriteFile(cache.Path(".hidden"), "bytes");
  testing::WriteFile(cache.Path("incomplete/x"), "bytes");
  CHECK_EQ(::mkdir(cache.Path("directory").c_str(), 0755), 0);
  CHECK_EQ(::symlink("a", cache.Path("link").c_str()), 0);
  CHECK_EQ(::mkfifo(cache.Path("fifo").c_str(), 0644), 0);
  (void)cache.LeaveDeadWriter("token", "bytes");
  CHECK_EQ(::rename(cache.Path("incomplete/token").c_str(), cache.Path("token").c_str()), 0);
  CHECK_EQ(live->images(), 0);  // Until it looks.
  CHECK(live->Update().value());
  CHECK_EQ(DifferenceFromWalk(*live, cache), "");
  CHECK_EQ(live->images(), 4);
  CHECK_EQ(Evict(*live, cache, 10), "a b\xFF c empty");
}

TEST("a live index – puts, streams, deletes and renames – follows them") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  const auto live = BuildIndex(cache);
  const auto differs = [&] { return live->Update().value() ? DifferenceFromWalk(*live, cache) : "stale"; };
  CHECK_OK(PutImage(cache.directory(), "d", testing::Bytes("put")));
  CHECK_EQ(differs(), "");
  CHECK_OK(PutImage(cache.directory(), "d", testing::Bytes("put again")));
  CHECK_EQ(differs(), "");
  CHECK_EQ(live->size(), 39);
  auto writer = cache.Claim("e");
  CHECK_OK(writer.value().Write(testing::Bytes("stream")));
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(differs(), "");
  CHECK_OK(DeleteImage(cache.directory(), "a"));
  CHECK_EQ(differs(), "");
  CHECK_EQ(::rename(cache.Path("b").c_str(), cache.Path("f").c_str()), 0);
  CHECK_EQ(differs(), "");
  CHECK_EQ(::rename(cache.Path("f").c_str(), cache.Path("c").c_str()), 0);
  CHECK_EQ(differs(), "");
  CHECK_EQ(::rename(cache.Path("c").c_str(), cache.Path("incomplete/c").c_str()), 0);
  CHECK_EQ(differs(), "");
  testing::WriteFile(cache.Path("copied"), "written under its own name");
  CHECK_EQ(differs(), "");
  CHECK_EQ(::unlink(cache.Path("copied").c_str()), 0);
  CHECK_EQ(::mkdir(cache.Path("copied").c_str(), 0755), 0);
  CHECK_EQ(differs(), "");
  CHECK_EQ(::symlink("copied", cache.Path("link").c_str()), 0);
  CHECK_EQ(::rename(cache.Path("link").c_str(), cache.Path("e").c_str()), 0);
  CHECK_EQ(differs(), "");
  CHECK_EQ(live->images(), 1);
}

TEST("a live index – created and deleted before it looks – ends with what is there") {
  const Cache cache;
  AddImages(cache, {"a"});
  const auto live = BuildIndex(cache);
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(::unlink(cache.Path("a").c_str()), 0);
    AddImages(cache, {"a", "b"});
    CHECK_EQ(::unlink(cache.Path("b").c_str()), 0);
  }
  CHECK(live->Update().value());
  CHECK_EQ(DifferenceFromWalk(*live, cache), "");
  CHECK_EQ(live->images(), 1);
}

TEST("a live index – directory renamed – follows it") {
  const Cache cache;
  const auto live = BuildIndex(cache);
  const std::string other = cache.path() + ".renamed";
  CHECK_EQ(::rename(cache.path().c_str(), other.c_str()), 0);
  testing::WriteFile(other + "/a", "bytes");
  const auto updated = live->Update();
  CHECK_EQ(::rename(other.c_str(), cache.path().c_str()), 0);
  CHECK(updated.value());
  CHECK_EQ(live->size(), 5);
}

TEST("a live index – images read after it was built – names the coldest of all") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c", "d"});
  const auto live = BuildIndex(cache);
  Hit(cache, "a");
  Hit(cache, "c");
  CHECK_EQ(ColdestOf(*live), "b");
  CHECK_EQ(ColdestOf(*live), "b");
  Hit(cache, "b");
  CHECK_EQ(Evict(*live, cache, 4), "d a c b");
}

TEST("a live index – candidate – has the row that its removal needs") {
  const Cache cache;
  AddImages(cache, {"a"});
  const auto live = BuildIndex(cache);
  Hit(cache, "a");
  const auto coldest = live->Coldest();
  CHECK_OK(coldest);
  CHECK_EQ(coldest.value()->row.inode, testing::StatOf(cache.Path("a")).st_ino);
  CHECK_EQ(coldest.value()->row.size, 10);
  CHECK_EQ(coldest.value()->row.accessed_ns, testing::AccessedNs(cache.Path("a")));
  CHECK_EQ(coldest.value()->row.modified_ns, testing::ModifiedNs(cache.Path("a")));
}

TEST("a live index – equal recencies – names the smaller, then the first by name") {
  const Cache cache;
  for (const char* id : {"c", "b", "large"}) cache.AddImage(id, id == std::string_view("large") ? "many bytes" : "few");
  for (const char* id : {"c", "b", "large"}) testing::SetTimes(cache.Path(id), 5 * testing::kSecond, 0);
  const auto live = BuildIndex(cache);
  CHECK_EQ(Evict(*live, cache, 3), "b c large");
}

TEST("a live index – coldest image grown by its owner – counts its size, and looks on") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  for (const char* id : {"a", "b"}) testing::SetTimes(cache.Path(id), 5, 5);
  const auto live = BuildIndex(cache);
  CHECK_EQ(::truncate(cache.Path("a").c_str(), 1000), 0);
  testing::SetTimes(cache.Path("a"), 5, 5);
  CHECK_EQ(ColdestOf(*live), "b");
  CHECK_EQ(live->size(), 1010);
}

TEST("a live index – image dated in the future – takes it for used when it was made") {
  const Cache cache;
  AddImages(cache, {"old", "future"});
  testing::SetTimes(cache.Path("future"), testing::NowNs() + 1000 * testing::kSecond,
                    testing::NowNs() + 1000 * testing::kSecond);
  cache.AddImage("hot", "bytes");
  const auto live = BuildIndex(cache);
  Hit(cache, "hot");
  CHECK_EQ(Evict(*live, cache, 3), "old future hot");
}

TEST("a live index – candidates gone before they are looked at – passes over them") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  const auto live = BuildIndex(cache);
  CHECK_EQ(::unlink(cache.Path("a").c_str()), 0);
  CHECK_EQ(::unlink(cache.Path("b").c_str()), 0);
  CHECK_EQ(ColdestOf(*live), "c");
  CHECK_EQ(live->images(), 1);
  CHECK_EQ(::unlink(cache.Path("c").c_str()), 0);
  CHECK_EQ(ColdestOf(*live), "(none)");
}

TEST("a live index – readers faster than it looks – still names one") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  const auto live = BuildIndex(cache);
  int looks = 0;
  const Faults faults([&](std::string_view call) {
    if (call != "statx") return 0;
    looks++;
    for (const char* id : {"a", "b", "c"}) Hit(cache, id);
    return 0;
  });
  CHECK(live->Coldest().value().has_value());
  CHECK_EQ(looks, 4);
}

TEST("a live index – locked image – is a candidate once in a round") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  const auto live = BuildIndex(cache);
  {
    const testing::OpenFile holder(cache.Path("a"));
    CHECK(holder.TryFlock());
    CHECK_EQ(Evict(*live, cache, 1), "b");
    CHECK_EQ(Evict(*live, cache, 5), "c");
    CHECK_EQ(ColdestOf(*live), "(none)");
    CHECK_EQ(live->images(), 1);
    CHECK_EQ(live->size(), 10);
  }
  CHECK_EQ(ColdestOf(*live), "(none)");
  CHECK_EQ(Evict(*live, cache, 5), "a");
}

TEST("a live index – image that cannot be removed – is a candidate once in a round") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  const auto live = BuildIndex(cache);
  {
    const Faults faults(testing::RefuseNth("unlinkat", 1, EACCES));
    CHECK_EQ(Evict(*live, cache, 5), "b");
  }
  CHECK_EQ(live->images(), 1);
  CHECK_EQ(Evict(*live, cache, 5), "a");
}

TEST("a live index – unreadable image – is an error, then set aside") {
  const Cache cache;
  AddImages(cache, {"a", "b"});
  const auto live = BuildIndex(cache);
  const Faults faults(testing::RefuseNth("statx", 1, EIO));
  const auto failed = live->Coldest();
  CHECK_FAILS(failed, EIO);
  CHECK_EQ(*failed.error().file, "a");
  CHECK_EQ(ColdestOf(*live), "b");
  live->BeginRound();
  CHECK_EQ(ColdestOf(*live), "a");
}

TEST("a live index – candidate read or replaced – goes to its new place") {
  for (const bool replaced : {false, true}) {
    const Cache cache;
    AddImages(cache, {"a", "b"});
    const auto live = BuildIndex(cache);
    const auto candidate = live->Coldest();
    CHECK_EQ(candidate.value()->id, "a");
    if (replaced) {
      CHECK_OK(PutImage(cache.directory(), "a", testing::Bytes("new")));
    } else {
      Hit(cache, "a");
    }
    live->Settle(*candidate.value(), RemoveVictim(cache.directory(), "a", candidate.value()->row));
    CHECK_EQ(DifferenceFromWalk(*live, cache), "");
    CHECK_EQ(Evict(*live, cache, 5), "b a");
  }
}

TEST("a live index – removed image put again before it is told – keeps the new one") {
  const Cache cache;
  AddImages(cache, {"a"});
  const auto live = BuildIndex(cache);
  const auto candidate = live->Coldest();
  const auto removal = RemoveVictim(cache.directory(), "a", candidate.value()->row);
  CHECK_OK(PutImage(cache.directory(), "a", testing::Bytes("new")));
  CHECK(live->Update().value());
  live->Settle(*candidate.value(), removal);
  CHECK_EQ(DifferenceFromWalk(*live, cache), "");
  CHECK_EQ(live->size(), 3);
}

TEST("a live index – more events than the kernel keeps – must be built anew") {
  const Cache cache;
  AddImages(cache, {"a"});
  const auto live = BuildIndex(cache);
  if (!testing::Overflow(cache)) return testing::Skip("the queue of inotify is too long to be filled");
  CHECK(!live->Update().value());
  CHECK(!live->Update().value());
}

TEST("a live index – more events than the kernel keeps while it is built – fails") {
  const Cache cache;
  AddImages(cache, {"a"});
  bool overflowed = true;
  const Faults faults(testing::Before("statx", 1, [&] { return overflowed = testing::Overflow(cache), 0; }));
  const std::atomic<bool> stop{false};
  const auto built = LiveIndex::Build(cache.shared(), stop);
  if (!overflowed) return testing::Skip("the queue of inotify is too long to be filled");
  CHECK_FAILS(built, ESTALE);
}

TEST("a live index – changes while it is built – has them") {
  for (const int nth : {1, 2, 3}) {
    const Cache cache;
    AddImages(cache, {"a", "b", "c"});
    const Faults faults(testing::Before("statx", nth, [&] {
      for (const char* id : {"a", "b", "c"}) ::unlink(cache.Path(id).c_str());
      for (const char* id : {"b", "d"}) testing::WriteFile(cache.Path(id), "new");
      return 0;
    }));
    const auto live = BuildIndex(cache);
    CHECK_EQ(DifferenceFromWalk(*live, cache), "");
    CHECK_EQ(live->images(), 2);
  }
}

TEST("a live index – many changes while it is built – reads events between names") {
  const Cache cache(testing::TemporaryDirectory::FastRoot());
  for (int i = 0; i < 3000; i++) cache.AddImage("image" + std::to_string(i), "bytes");
  int reads = 0;
  const Faults faults([&](std::string_view call) { return reads += call == "read" ? 1 : 0, 0; });
  const auto live = BuildIndex(cache);
  CHECK_EQ(live->images(), 3000);
  CHECK_EQ(reads, 3);
}

TEST("a live index – told to stop while it is built – stops") {
  const Cache cache;
  AddImages(cache, {"a", "b", "c"});
  std::atomic<bool> stop{false};
  int looks = 0;
  const Faults faults([&](std::string_view call) {
    if (call == "statx") stop = ++looks > 0;
    return 0;
  });
  CHECK_FAILS(LiveIndex::Build(cache.shared(), stop), ECANCELED);
  CHECK_EQ(looks, 1);
}

TEST("a live index – event's file cannot be looked at – fails until it can") {
  const Cache cache;
  const auto live = BuildIndex(cache);
  AddImages(cache, {"a", "b"});
  for (int i = 0; i < 2; i++) {
    const Faults faults(testing::Refuse("statx", EIO));
    CHECK_FAILS(live->Update(), EIO);
  }
  CHECK(live->Update().value());
  CHECK_EQ(DifferenceFromWalk(*live, cache), "");
  CHECK_EQ(live->images(), 2);
  const Faults faults(testing::Refuse("statx", EIO));
  CHECK(live->Update().value());  // It does not look again.
}

TEST("a live index – poked – tells it once, and can be waited for") {
  const Cache cache;
  const auto live = BuildIndex(cache);
  testing::WriteFile(cache.Path("incomplete/.poke"), "");
  const testing::OpenFile file(cache.Path("incomplete/.poke"));
  CHECK_OK(live->AddPoke(file.fd()));
  pollfd poll{live->fd(), POLLIN, 0};
  CHECK_EQ(::poll(&poll, 1, 0), 0);
  testing::SetTimes(cache.Path("incomplete/.poke"), 1, 1);
  CHECK_EQ(::poll(&poll, 1, 0), 1);
  CHECK(!live->TakePoke());
  CHECK(live->Update().value());
  CHECK(live->TakePoke());
  CHECK(!live->TakePoke());
  CHECK(live->Update().value());
  CHECK(!live->TakePoke());
}

TEST("a live index – 20,000 short ids – takes less than 64 bytes each") {
  const Cache cache(testing::TemporaryDirectory::FastRoot());
  for (int i = 10'000; i < 30'000; i++) {
    CHECK_EQ(::mknod(cache.Path("image-id-" + std::to_string(100'000 + i)).c_str(), S_IFREG | 0644, 0), 0);
  }
  const auto live = BuildIndex(cache);
  CHECK_EQ(live->images(), 20'000);
  CHECK(live->memory() > 0);
  CHECK(live->memory() < 64 * live->images());
}

}  // namespace
}  // namespace xattr_cache
