// The victims of a live index are those of exact LRU: compared with a walk at each of them.

#include <unistd.h>

#include <chrono>
#include <random>
#include <string>

#include "core/image_reader.h"
#include "core/image_scan.h"
#include "core/lookup.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "live_index_fixture.h"
#include "posix/syscalls.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using Random = std::linear_congruential_engine<uint32_t, 48271, 0, 2147483647>;

using namespace std::chrono_literals;
using testing::BuildIndex;
using testing::Cache;
using testing::ColdestOf;
using testing::ColdestOfWalk;
using testing::DifferenceFromWalk;
using testing::kSecond;
using testing::TemporaryDirectory;

std::string IdOf(uint32_t number) {
  return "image-" + std::to_string(number);
}

void Hit(const Cache& cache, const std::string& id) {
  const auto image = OpenImageFile(cache.directory(), id.c_str(), Waiting::kAllowed);
  if (image.ok()) (void)RecordHit(image.value().fd.get(), 0ns);
}

void Put(const Cache& cache, const std::string& id, size_t size) {
  (void)PutImage(cache.directory(), id.c_str(), testing::Bytes(std::string(size, 'x'))).ok();
}

// One of the things that users of a cache do.
void UseCache(const Cache& cache, Random& random, uint32_t most) {
  const std::string id = IdOf(random() % most);
  switch (random() % 8) {
    case 0:
    case 1:
      return Put(cache, id, random() % 5);
    case 2:
      (void)DeleteImage(cache.directory(), id.c_str()).ok();
      return;
    default:
      return Hit(cache, id);
  }
}

// One of the things that may happen to a cache.
void Change(const Cache& cache, Random& random, uint32_t most) {
  if (random() % 8 > 0) return UseCache(cache, random, most);
  (void)::rename(cache.Path(IdOf(random() % most)).c_str(), cache.Path(IdOf(random() % most)).c_str());
}

// Times as another tool may set them, and clocks may have written them: past and future, often equal.
void AddForeignImage(const Cache& cache, Random& random, uint32_t most) {
  const auto time = [&] { return sys::Now().tv_sec * kSecond + (static_cast<int64_t>(random() % 20) - 14) * kSecond; };
  const std::string source = cache.Path("incomplete/.source");
  testing::WriteFile(source, std::string(random() % 3, 'x'));
  testing::SetTimes(source, time(), time());
  ::rename(source.c_str(), cache.Path(IdOf(random() % most)).c_str());
}

TEST("a live index – random changes – has the coldest image of a walk at each step") {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const Cache cache(TemporaryDirectory::FastRoot());
    Random random(seed);
    for (int i = 0; i < 20; i++) AddForeignImage(cache, random, 30);
    const auto live = BuildIndex(cache);
    for (int step = 0; step < 1500; step++) {
      for (auto changes = random() % 4; changes > 0; changes--) Change(cache, random, 30);
      if (random() % 5 == 0) AddForeignImage(cache, random, 30);
      CHECK(live->Update().value());
      CHECK_EQ(DifferenceFromWalk(*live, cache), "");
      if (random() % 2 == 0) {
        CHECK_EQ(ColdestOf(*live), ColdestOfWalk(cache));
      } else {
        const std::string coldest = ColdestOfWalk(cache);
        CHECK_EQ(testing::Evict(*live, cache, 1), coldest == "(none)" ? "" : coldest);
      }
    }
  }
}

// Sets the clock back to what it is with its object.
struct ShiftedClock {
  ~ShiftedClock() { sys::ShiftClock(0); }
};

TEST("a live index – clock set back – judges times in the future by the rule") {
  const Cache cache;
  const ShiftedClock shifted;
  const int64_t now = testing::NowNs();
  for (const char* id : {"a", "b", "c"}) cache.AddImage(id, "bytes");
  testing::SetTimes(cache.Path("a"), now - 30 * kSecond, now - 30 * kSecond);
  testing::SetTimes(cache.Path("b"), now - 20 * kSecond, now - 20 * kSecond);
  testing::SetTimes(cache.Path("c"), now - 10 * kSecond, now - 10 * kSecond);
  sys::ShiftClock(1000 * kSecond);
  Hit(cache, "a");
  const auto live = BuildIndex(cache);
  CHECK_EQ(ColdestOf(*live), "b");
  sys::ShiftClock(500 * kSecond);
  cache.AddImage("d", "bytes");
  testing::SetTimes(cache.Path("d"), now + 500 * kSecond, now + 500 * kSecond);
  CHECK(live->Update().value());
  // Its access is in the future: it counts as used when it was modified.
  CHECK_EQ(ColdestOf(*live), "a");
  CHECK_EQ(ColdestOfWalk(cache), "a");
  CHECK_EQ(testing::Evict(*live, cache, 4), "a b c d");
}

TEST("a live index – clock set back after all events – notices it") {
  const Cache cache;
  const ShiftedClock shifted;
  const int64_t now = testing::NowNs();
  for (const char* id : {"a", "b"}) cache.AddImage(id, "bytes");
  testing::SetTimes(cache.Path("a"), now, now - 30 * kSecond);
  testing::SetTimes(cache.Path("b"), now - 20 * kSecond, now - 20 * kSecond);
  const auto live = BuildIndex(cache);
  CHECK_EQ(ColdestOf(*live), "b");
  sys::ShiftClock(-10 * kSecond);
  CHECK_EQ(ColdestOf(*live), "a");
}

TEST("a live index – clock set back, files cannot be looked at – fails until they can") {
  const Cache cache;
  const ShiftedClock shifted;
  const int64_t now = testing::NowNs();
  for (const char* id : {"a", "b"}) cache.AddImage(id, "bytes");
  testing::SetTimes(cache.Path("a"), now, now - 30 * kSecond);
  testing::SetTimes(cache.Path("b"), now - 20 * kSecond, now - 20 * kSecond);
  const auto live = BuildIndex(cache);
  sys::ShiftClock(-10 * kSecond);
  {
    const testing::Faults faults(testing::Refuse("statx", EIO));
    CHECK_FAILS(live->Update(), EIO);
    CHECK_FAILS(live->Coldest(), EIO);
  }
  CHECK_EQ(ColdestOf(*live), "a");
}

TEST("a live index – clock that jumps – has the coldest image of a walk at each step") {
  for (const unsigned seed : {1U, 2U}) {
    const Cache cache(TemporaryDirectory::FastRoot());
    const ShiftedClock shifted;
    Random random(seed);
    // Later than all files are made, so that none is made in the future.
    sys::ShiftClock(1000 * kSecond);
    for (int i = 0; i < 20; i++) Put(cache, IdOf(random() % 30), random() % 5);
    const auto live = BuildIndex(cache);
    for (int step = 0; step < 800; step++) {
      if (random() % 10 == 0) sys::ShiftClock(static_cast<int64_t>(1000 + random() % 1000) * kSecond);
      for (auto changes = random() % 4; changes > 0; changes--) Change(cache, random, 30);
      CHECK(live->Update().value());
      CHECK_EQ(ColdestOf(*live), ColdestOfWalk(cache));
      if (random() % 3 == 0) (void)testing::Evict(*live, cache, 1);
    }
  }
}

// Whether no image is colder than the victim was.
bool WasColdest(const Cache& cache, const LiveIndex::Candidate& victim) {
  const auto walk = WalkImages(cache.directory(), /*with_hits=*/false);
  if (!walk.ok()) return false;
  const EvictionOrder order{KeyOf(victim.row), victim.id};
  for (size_t i = 0; i < walk.value().size(); i++) {
    if (walk.value().order(walk.value().row(i)) < order) return false;
  }
  return true;
}

TEST("a live index – other processes write, read, delete – is exact LRU") {
  constexpr uint32_t kImages = 2000;
  constexpr int kVictims = 200;
  const Cache cache(TemporaryDirectory::FastRoot());
  const TemporaryDirectory elsewhere(TemporaryDirectory::FastRoot());
  const std::string end = elsewhere.path() + "/end";
  Random random(1);
  for (uint32_t i = 0; i < kImages; i++) Put(cache, IdOf(i), random() % 5);
  for (uint32_t i = 0; i < kImages; i++) Hit(cache, IdOf(random() % kImages));

  const auto work = [&](unsigned seed) {
    return [&cache, &end, seed] {
      Random own(seed);
      while (!testing::Exists(end)) {
        UseCache(cache, own, 2 * kImages);
        ::usleep(own() % 1000);
      }
      return true;
    };
  };
  testing::Worker first(work(11));
  testing::Worker second(work(12));
  testing::Worker third(work(13));

  const auto live = BuildIndex(cache);
  int victims = 0;
  int wrong = 0;
  const int64_t give_up_ns = testing::NowNs() + 60 * kSecond;
  while (victims < kVictims && testing::NowNs() < give_up_ns) {
    const auto updated = live->Update();
    if (!updated.ok() || !updated.value()) break;
    const auto candidate = live->Coldest();
    if (!candidate.ok() || !candidate.value().has_value()) break;
    const auto removal = RemoveVictim(cache.directory(), candidate.value()->id.c_str(), candidate.value()->row);
    live->Settle(*candidate.value(), removal);
    if (!removal.ok() || removal.value().outcome != Removal::Outcome::kRemoved) continue;
    victims++;
    if (!WasColdest(cache, *candidate.value())) wrong++;
    live->BeginRound();
  }
  testing::WriteFile(end, "");
  CHECK(first.Wait() && second.Wait() && third.Wait());
  CHECK_EQ(victims, kVictims);
  CHECK_EQ(wrong, 0);

  // At rest, it has exactly what a walk has, in the same order.
  CHECK(live->Update().value());
  CHECK_EQ(DifferenceFromWalk(*live, cache), "");
  for (int i = 0; i < 100; i++) {
    const std::string coldest = ColdestOfWalk(cache);
    CHECK_EQ(testing::Evict(*live, cache, 1), coldest);
  }
}

}  // namespace
}  // namespace xattr_cache
