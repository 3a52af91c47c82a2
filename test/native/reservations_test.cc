#include "core/reservations.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/eviction.h"
#include "faults.h"
#include "files.h"
#include "harness.h"
#include "limited.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using namespace std::chrono_literals;
using testing::Cache;
using testing::Faults;
using testing::InWords;
using testing::Limited;

constexpr char kFile[] = ".xattr-cache/reservations";
constexpr Limits kHundred{.bytes = 100};
constexpr size_t kRecord = 128;

// Longer than a waiter may be silent, and than a removed file stays unnoticed.
constexpr auto kSilence = 2100ms;
constexpr auto kUnnoticed = 1100ms;

void Overwrite(const Cache& cache, size_t position, std::string_view bytes) {
  const testing::OpenFile file(cache.Path(kFile), O_RDWR);
  (void)!::pwrite(file.fd(), bytes.data(), bytes.size(), static_cast<off_t>(position));
}

TEST("a reservation – before the first walk – is unknown") {
  const Cache cache;
  const Limited process(cache, kHundred);
  CHECK_EQ(process.Reserve(10), "unknown");
  CHECK_EQ(process.Measure(), "unknown");
  process.Walk(50, 5);
  CHECK_EQ(process.Measure(), "held 50/5, reserved 0/0");
  CHECK_EQ(process.Reserve(10), "room");
}

TEST("a reservation – at and beyond each border – is judged exactly") {
  const Cache cache;
  const Limited process(cache, kHundred);
  process.Walk(50, 5);
  CHECK_EQ(process.Reserve(51), "full");
  CHECK_EQ(process.Reserve(41), "crowded");
  CHECK_EQ(process.Measure(), "held 50/5, reserved 41/1");
  process.Settle(41, 0);
  CHECK_EQ(process.Reserve(40), "room");
  CHECK_EQ(process.Reserve(11), "full");
  CHECK_EQ(process.Reserve(10), "crowded");
  process.Settle(40, 0);
  process.Settle(10, 0);
  CHECK_EQ(process.Reserve(100), "full");
  CHECK_EQ(process.Reserve(101), "too large");
  CHECK_EQ(process.Measure(), "held 50/5, reserved 0/0");
}

TEST("a reservation – more for a writer that has some – is too large with it") {
  const Cache cache;
  const Limited process(cache, kHundred);
  process.Walk(0);
  const auto more = [&](uint64_t bytes) {
    return process.reservations().Reserve(process.base(), {bytes, 0}, {60, 1}, 0);
  };
  CHECK_EQ(InWords(more(41)), "too large");
  CHECK_EQ(InWords(more(UINT64_MAX - 10)), "too large");
  CHECK_EQ(InWords(more(40)), "room");
}

TEST("a reservation – limit on images or free space – binds") {
  const Cache cache;
  const Limited images(cache, {.images = 10});
  images.Walk(1000, 8);
  CHECK_EQ(images.Reserve(1), "room");
  CHECK_EQ(images.Reserve(1), "crowded");
  CHECK_EQ(images.Reserve(1), "full");
  for (const Limits& limits : {Limits{.free_bytes = UINT64_MAX / 4}, Limits{.free_inodes = UINT64_MAX / 4}}) {
    const Cache other;
    const Limited process(other, limits);
    process.Walk(0);
    CHECK_EQ(process.Reserve(1), "too large");
  }
  const Cache other;
  const Limited process(other, {.free_bytes = 1, .free_inodes = 1});
  process.Walk(0);
  CHECK_EQ(process.Reserve(1), "room");
}

TEST("a reservation – bytes allocated meanwhile – is counted once against free space") {
  const Cache cache;
  const Limited process(cache, {.free_bytes = 1});
  process.Walk(0);
  CHECK_EQ(process.Reserve(1000), "room");
  const auto unwritten = [&] { return process.reservations().Measure(process.base()).value()->unwritten; };
  CHECK_EQ(unwritten(), 1000);
  process.reservations().Allocated(process.base(), 600);
  CHECK_EQ(unwritten(), 400);
  process.reservations().Settle(process.base(), {1000, 1}, 400, {});
  CHECK_EQ(unwritten(), 0);
}

TEST("a balance – commits and removals after a walk – counts both") {
  const Cache cache;
  const Limited a(cache, kHundred);
  const Limited b(cache, kHundred);
  a.Walk(50, 5);
  CHECK_EQ(a.Reserve(20), "room");
  a.Settle(20, 15);
  CHECK_EQ(b.Measure(), "held 65/6, reserved 0/0");
  CHECK_OK(a.reservations().Removed(a.base(), {30, 3}, 0));
  CHECK_EQ(b.Measure(), "held 35/3, reserved 0/0");
  CHECK_OK(b.reservations().Removed(b.base(), {5, 1}, 0));
  CHECK_EQ(a.Measure(), "held 30/2, reserved 0/0");
  a.Walk(31, 3);
  CHECK_EQ(a.Measure(), "held 31/3, reserved 0/0");
  const auto totals = a.reservations().Totals(a.base());
  CHECK_EQ(totals.value().images, 4);
  CHECK_EQ(totals.value().bytes, 35);
}

TEST("a walk – commits while it runs – counts them, at worst twice") {
  const Cache cache;
  const Limited process(cache, kHundred);
  CHECK_EQ(process.Reserve(20), "unknown");
  process.Settle(0, 7);
  const auto mark = process.reservations().BeginWalk(process.base());
  CHECK_OK(mark);
  process.Settle(0, 5);
  CHECK_OK(process.reservations().Found(process.base(), mark.value(), {40, 4}));
  CHECK_EQ(process.Measure(), "held 45/5, reserved 0/0");
}

TEST("evictions – their totals – tell the last minute and the youngest victim") {
  const Cache cache;
  const Limited process(cache, kHundred);
  CHECK_FAILS(process.reservations().Totals(process.base()), ENOENT);
  process.Walk(100, 10);
  CHECK_EQ(process.reservations().Totals(process.base()).value().youngest_age_ns, -1);
  for (const int64_t age_ns : {30, 20, 25, 40})
    CHECK_OK(process.reservations().Removed(process.base(), {1, 2}, age_ns));
  process.Walk(96, 2);
  const auto totals = process.reservations().Totals(process.base());
  CHECK_OK(totals);
  CHECK_EQ(totals.value().images, 8);
  CHECK(totals.value().last_minute >= 2 && totals.value().last_minute <= 8);
  // All in one minute, unless a new one has begun meanwhile.
  if (totals.value().last_minute == 8) CHECK_EQ(totals.value().youngest_age_ns, 20);
}

// What two processes share: each waits until both are there.
struct Arena {
  std::atomic<int> arrived{0};
  std::atomic<int> had[2]{};

  void Meet(int round) {
    arrived++;
    while (arrived < 2 * round) ::sched_yield();
  }
};

// In each round both reserve 60 of 100.  Returns in how many rounds both had them.
int RaceForRoom(int rounds, bool look_first) {
  const Cache cache;
  Limited(cache, kHundred).Walk(0);
  void* memory = ::mmap(nullptr, sizeof(Arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* arena = new (memory) Arena;
  const auto compete = [&](int self) {
    // Without a limit that binds, the look before is all that there is.
    const Limited process(cache, look_first ? Limits{.bytes = 1000} : kHundred);
    int both = 0;
    for (int round = 0; round < rounds; round++) {
      arena->Meet(3 * round + 1);
      const auto balance = process.reservations().Measure(process.base());
      const bool may = !look_first || (balance.ok() && balance.value()->reserved.bytes + 60 <= 100);
      const std::string verdict = may ? process.Reserve(60) : "full";
      const bool had = verdict == "room" || verdict == "crowded";
      arena->had[self] = had ? 1 : 0;
      arena->Meet(3 * round + 2);
      if (arena->had[0] + arena->had[1] == 2) both++;
      if (had) process.Settle(60, 0);
      arena->Meet(3 * round + 3);
    }
    return both;
  };
  testing::Worker other([&] { return compete(1) >= 0; });
  const int both = compete(0);
  (void)other.Wait();
  ::munmap(memory, sizeof(Arena));
  return both;
}

TEST("two processes – reserve concurrently – never have more than the limit") {
  CHECK_EQ(RaceForRoom(2000, false), 0);
}

TEST("two processes – look before they reserve (the control) – exceed the limit") {
  int both = 0;
  for (int i = 0; i < 10 && both == 0; i++) both = RaceForRoom(500, true);
  CHECK(both > 0);
}

TEST("a process – killed with a reservation – gives it back") {
  for (const bool measure : {true, false}) {
    const Cache cache;
    const Limited process(cache, kHundred);
    process.Walk(10, 1);
    std::optional<Limited> reserver;
    testing::Child child([&] {
      reserver.emplace(cache, kHundred);
      (void)reserver->Reserve(60);
    });
    CHECK_EQ(process.Measure(), "held 10/1, reserved 60/1");
    child.Kill();
    if (measure) CHECK_EQ(process.Measure(), "held 70/2, reserved 0/0");
    CHECK_EQ(process.Reserve(31), "full");
    CHECK_EQ(process.Measure(), "held 70/2, reserved 0/0");
    process.Walk(10, 1);
    CHECK_EQ(process.Measure(), "held 10/1, reserved 0/0");
    CHECK_EQ(process.Reserve(80), "room");
  }
}

TEST("a waiter – another came earlier – is behind it, until that one is done or gone") {
  const Cache cache;
  const Limited process(cache, kHundred);
  process.Walk(0);
  auto earlier = std::make_optional<Limited>(cache, kHundred);
  earlier->Wait(1000, 20);
  CHECK_EQ(process.Reserve(10), "behind");
  CHECK_EQ(process.Reserve(10, 1001), "behind");
  CHECK_EQ(process.Reserve(10, 1000), "room");
  CHECK_EQ(process.Reserve(10, 999), "room");
  CHECK_EQ(earlier->Reserve(10, 1000), "room");
  CHECK_EQ(process.Reserve(81, 999), "full");
  CHECK_EQ(process.reservations().Measure(process.base()).value()->wanted.bytes, 20);
  earlier->Wait(0);
  CHECK_EQ(process.Reserve(10), "room");
  CHECK_EQ(process.reservations().Measure(process.base()).value()->wanted.bytes, 0);
  earlier->Wait(1000, 20);
  earlier.reset();
  CHECK_EQ(process.Reserve(10), "room");
}

TEST("a waiter – the eldest of several – goes first") {
  const Cache cache;
  const Limited process(cache, kHundred);
  process.Walk(0);
  const Limited first(cache, kHundred);
  const Limited second(cache, kHundred);
  first.Wait(1000);
  second.Wait(2000);
  CHECK_EQ(process.Reserve(10, 1500), "behind");
  CHECK_EQ(second.Reserve(10, 2000), "behind");
  CHECK_EQ(first.Reserve(10, 1000), "room");
}

TEST("a waiter – silent for two seconds – holds up no other") {
  const Cache cache;
  const Limited process(cache, kHundred);
  process.Walk(0);
  const Limited silent(cache, kHundred);
  silent.Wait(1000, 20);
  std::this_thread::sleep_for(1500ms);
  CHECK_EQ(process.Reserve(10), "behind");
  std::this_thread::sleep_for(kSilence - 1500ms);
  CHECK_EQ(process.Reserve(10), "room");
  CHECK_EQ(process.reservations().Measure(process.base()).value()->wanted.bytes, 0);
  silent.Wait(1000, 20);
  CHECK_EQ(process.Reserve(10), "behind");
}

TEST("the strictest limits – of all processes – bind, and go with their process") {
  const Cache cache;
  const Limited process(cache, kHundred);
  process.Walk(0);
  auto strict = std::make_optional<Limited>(cache, Limits{.bytes = 50});
  CHECK_EQ(process.Reserve(60), "room");
  process.Settle(60, 0);
  CHECK_EQ(strict->Reserve(1), "room");
  CHECK_EQ(process.Reserve(60), "too large");
  CHECK_EQ(process.Reserve(50), "full");
  CHECK_EQ(process.Reserve(46), "crowded");
  process.Settle(46, 0);
  CHECK_EQ(process.reservations().Measure(process.base()).value()->limits.bytes, 50);
  strict->reservations().SetLimits(strict->base(), {.bytes = 70}, 0.9);
  CHECK_EQ(process.reservations().Measure(process.base()).value()->limits.bytes, 70);
  strict.reset();
  CHECK_EQ(process.Reserve(80), "room");
  CHECK_EQ(process.reservations().Measure(process.base()).value()->limits.bytes, 100);
}

TEST("slots – all taken – return EUSERS, until one is free") {
  const Cache cache;
  std::vector<std::unique_ptr<Reservations>> processes;
  const auto reserve = [&] {
    processes.push_back(std::make_unique<Reservations>("boot of this machine"));
    processes.back()->SetLimits(cache.directory().base(), {.bytes = 1000}, 1);
    return InWords(processes.back()->Reserve(cache.directory().base(), {1, 1}, {}, 0));
  };
  CHECK_EQ(reserve(), "unknown");
  const auto mark = processes[0]->BeginWalk(cache.directory().base());
  CHECK_OK(processes[0]->Found(cache.directory().base(), mark.value(), {}));
  for (size_t i = 1; i < Reservations::kSlots; i++) CHECK_EQ(reserve(), "room");
  CHECK_EQ(reserve(), "fcntl: Too many users");
  CHECK_EQ(InWords(processes[0]->Measure(cache.directory().base())), "held 0/0, reserved 254/254");
  processes.erase(processes.begin() + 100);
  CHECK_EQ(reserve(), "room");
  CHECK_EQ(InWords(processes[0]->Measure(cache.directory().base())), "held 1/1, reserved 254/254");
}

TEST("a slot – taken by one process after another – keeps what was committed") {
  const Cache cache;
  const Limited process(cache, kHundred);
  process.Walk(0);
  CHECK_EQ(process.Reserve(1), "room");
  process.Settle(1, 0);
  for (uint64_t i = 1; i <= 3; i++) {
    const Limited next(cache, kHundred);
    CHECK_EQ(next.Reserve(10), "room");
    next.Settle(10, 10);
    CHECK_EQ(testing::StatOf(cache.Path(kFile)).st_size, 3 * kRecord);
    CHECK_EQ(process.Measure(), "held " + std::to_string(10 * i) + "/" + std::to_string(i) + ", reserved 0/0");
  }
}

TEST("records – torn or nonsense – never make room that is not there") {
  const Cache cache;
  const Limited process(cache, kHundred);
  const Limited other(cache, kHundred);
  process.Walk(0);
  CHECK_EQ(other.Reserve(60), "room");
  CHECK_EQ(process.Reserve(1), "room");
  process.Settle(1, 0);
  std::string garbage(3 * kRecord, '\x5a');
  for (const size_t position : {size_t{0}, kRecord, kRecord + 16, 2 * kRecord + 60, size_t{64}}) {
    Overwrite(cache, position, garbage.substr(0, 100));
    const std::string before = process.Reserve(60);
    CHECK(before == "unknown" || before == "full");
    process.Walk(0);
    const std::string after = process.Reserve(60);
    CHECK_EQ(after, "full");
    CHECK_EQ(other.Reserve(1), "room");
    other.Settle(1, 0);
    CHECK_EQ(process.Measure(), "held 0/0, reserved 60/1");
  }
  Overwrite(cache, 3 * kRecord, garbage);
  CHECK_EQ(process.Reserve(40), "crowded");
  process.Settle(40, 0);
  CHECK_EQ(testing::ReadFile(cache.Path(kFile))->substr(4 * kRecord, 8) == garbage.substr(0, 8), false);
}

TEST("the file – cut short – is filled again by each that uses it") {
  const Cache cache;
  const Limited process(cache, kHundred);
  const Limited other(cache, kHundred);
  process.Walk(30, 3);
  CHECK_EQ(process.Reserve(5), "room");
  CHECK_EQ(other.Reserve(50), "room");
  for (const off_t size : {0, 100, 200, 300}) {
    CHECK_EQ(::truncate(cache.Path(kFile).c_str(), size), 0);
    (void)other.Measure();
    process.Walk(30, 3);
    CHECK_EQ(process.Measure(), "held 30/3, reserved 55/2");
    CHECK_EQ(process.Reserve(16), "full");
  }
}

TEST("the file – removed with its directory – is made again within a second") {
  const Cache cache;
  const Limited process(cache, kHundred);
  const Limited other(cache, kHundred);
  process.Walk(0);
  CHECK_EQ(process.Reserve(50), "room");
  CHECK_EQ(other.Reserve(1), "room");
  CHECK_EQ(::unlink(cache.Path(kFile).c_str()), 0);
  CHECK_EQ(::rmdir(cache.Path(".xattr-cache").c_str()), 0);
  std::this_thread::sleep_for(kUnnoticed);
  CHECK_EQ(process.Measure(), "unknown");
  CHECK_EQ(other.Reserve(10), "unknown");
  other.Walk(0);
  CHECK_EQ(other.Measure(), "held 0/0, reserved 51/2");
  CHECK_EQ(other.Reserve(50), "full");
  process.Settle(50, 40);
  CHECK_EQ(other.Measure(), "held 40/1, reserved 1/1");
}

TEST("the file – a directory, a link, or closed to us – fails, and is not followed") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path(".xattr-cache").c_str(), 0755), 0);
  const Limited process(cache, kHundred);
  CHECK_EQ(process.Measure(), "openat: No such file or directory");
  CHECK_EQ(::mkdir(cache.Path(kFile).c_str(), 0755), 0);
  CHECK_EQ(process.Reserve(1), "openat: Is a directory");
  CHECK_EQ(::rmdir(cache.Path(kFile).c_str()), 0);
  CHECK_EQ(::symlink(cache.Path("target").c_str(), cache.Path(kFile).c_str()), 0);
  CHECK_EQ(process.Reserve(1), "openat: Too many levels of symbolic links");
  CHECK(!testing::Exists(cache.Path("target")));
  CHECK_EQ(::unlink(cache.Path(kFile).c_str()), 0);
  CHECK_EQ(process.Reserve(1), "unknown");
  if (!testing::IsRoot()) return;
  CHECK_EQ(::chmod(cache.Path(kFile).c_str(), 0444), 0);
  CHECK(testing::RunAsStranger([&] { return Limited(cache, kHundred).Reserve(1) == "openat: Permission denied"; }));
}

TEST("the file – of another boot – tells nothing, also after a removal") {
  const Cache cache;
  const int base = cache.directory().base();
  {
    Reservations before("another boot of this machine");
    before.SetLimits(base, kHundred, 0.9);
    const auto mark = before.BeginWalk(base);
    CHECK_OK(before.Found(base, mark.value(), {10, 1}));
    CHECK_EQ(InWords(before.Reserve(base, {80, 1}, {}, 0)), "room");
    CHECK_OK(before.Removed(base, {1, 1}, 0));
  }
  const Limited process(cache, kHundred);
  CHECK_EQ(process.Measure(), "unknown");
  CHECK_OK(process.reservations().Removed(process.base(), {1, 1}, 0));
  CHECK_EQ(process.Measure(), "unknown");
  CHECK_EQ(process.reservations().Totals(process.base()).value().images, 2);
  CHECK_EQ(process.reservations().Totals(process.base()).value().last_minute, 1);
  CHECK_EQ(process.Reserve(10), "unknown");
  process.Walk(10, 1);
  CHECK_EQ(process.Reserve(80), "room");
}

TEST("a process – only looks, walks, or removes – takes no slot, and binds no other") {
  const Cache cache;
  cache.AddImage("a", "ten bytes.");
  const Limited strict(cache, {.bytes = 1});
  CHECK_EQ(strict.Measure(), "openat: No such file or directory");
  CHECK_OK(strict.reservations().Removed(strict.base(), {1, 1}, 0));
  CHECK(!testing::Exists(cache.Path(kFile)));
  strict.Walk(10, 1);
  CHECK_EQ(strict.Measure(), "held 10/1, reserved 0/0");
  auto prune = Eviction::Begin(cache.shared(), 0, /*dry_run=*/false);
  CHECK_EQ(prune.value().Step(10).value().images.size(), 1);
  CHECK_EQ(strict.Measure(), "held 0/0, reserved 0/0");
  CHECK_EQ(testing::StatOf(cache.Path(kFile)).st_size, kRecord);
  const Limited process(cache, kHundred);
  CHECK_EQ(process.Reserve(50), "room");
}

TEST("a reservation – cannot be written – is full, or fails, and is not kept") {
  const Cache cache;
  const Limited process(cache, kHundred);
  const Limited other(cache, kHundred);
  process.Walk(0);
  CHECK_EQ(process.Reserve(1), "room");
  for (const auto& [code, outcome] :
       {std::pair{ENOSPC, "full"}, std::pair{EDQUOT, "full"}, std::pair{EIO, "pwrite64: Input/output error"}}) {
    const Faults faults(testing::Refuse("pwrite64", code));
    CHECK_EQ(process.Reserve(10), outcome);
  }
  CHECK_EQ(process.Measure(), "held 1/1, reserved 0/0");  // The slot was given up.
  process.Settle(1, 0);
  process.Walk(0);
  CHECK_EQ(other.Measure(), "held 0/0, reserved 0/0");
}

TEST("a reservation – cannot be given back – goes with its slot") {
  const Cache cache;
  const Limited process(cache, kHundred);
  const Limited other(cache, kHundred);
  other.Walk(0);
  CHECK_EQ(process.Reserve(60), "room");
  {
    const Faults faults(testing::Refuse("pwrite64", EIO));
    process.Settle(60, 0);
  }
  CHECK_EQ(other.Measure(), "held 60/1, reserved 0/0");
  CHECK_EQ(process.Reserve(40), "crowded");
  CHECK_EQ(other.Measure(), "held 60/1, reserved 40/1");
}

TEST("a process – no locks – reserves, and counts others that were seen of late") {
  const Cache cache;
  const Faults faults(testing::Refuse("fcntl", ENOLCK));
  const Limited process(cache, kHundred);
  const Limited other(cache, kHundred);
  process.Walk(0);
  CHECK_EQ(process.Reserve(60), "room");
  CHECK_EQ(other.Reserve(60), "full");
  CHECK_EQ(other.Reserve(40), "crowded");
  CHECK_EQ(process.Measure(), "held 0/0, reserved 100/2");
}

TEST("threads – of one process – keep its reservations exact") {
  const Cache cache;
  const Limited process(cache, {.bytes = 1'000'000, .images = 100'000});
  process.Walk(0);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; i++) {
        if (process.Reserve(10) != "room") wrong++;
        if (process.reservations().growth() == 0 || !process.reservations().limited()) wrong++;
        process.reservations().Allocated(process.base(), 1);
        if (t == 0) (void)process.Measure();
        if (t == 1) process.Wait(i % 2 == 0 ? 1000 : 0, 5);
        if (t == 2) process.reservations().SetLimits(process.base(), {.bytes = 1'000'000, .images = 100'000}, 0.9);
        process.Settle(10, 10);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQ(wrong.load(), 0);
  CHECK_EQ(process.Measure(), "held 8000/800, reserved 0/0");
}

}  // namespace
}  // namespace xattr_cache
