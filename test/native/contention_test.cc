// Many concurrent operations, in threads and in processes: the result must be the same as one after another.

#include <fcntl.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cache_fixture.h"
#include "core/counter.h"
#include "core/eviction.h"
#include "core/image_reader.h"
#include "core/image_scan.h"
#include "core/lookup.h"
#include "core/reaper.h"
#include "core/whole_put.h"
#include "harness.h"
#include "posix/xattr.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using namespace std::chrono_literals;
using testing::Bytes;
using testing::Cache;
using testing::OpenFile;

constexpr int kThreads = 4;
constexpr int kHits = 2000;

// Runs `body(index)` in so many threads, which all begin at the same moment.
template <typename Body>
void InThreads(int count, Body body) {
  std::barrier start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; i++) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Counts hits, and retries while another holds the lock.  Returns the number of retries, or -1.
int CountHits(const Cache& cache, int hits) {
  const auto image = OpenImageFile(cache.directory(), "a", Waiting::kAllowed);
  if (!image.ok()) return -1;
  int refused = 0;
  while (hits > 0) {
    const auto hit = RecordHit(image.value().fd.get(), 0ns);
    if (hit.failed_with(EWOULDBLOCK)) {
      refused++;
      std::this_thread::yield();
      continue;
    }
    if (!hit.ok() || hit.value().outcome != HitOutcome::kCounted) return -1;
    hits--;
  }
  return refused;
}

int64_t HitsOf(const Cache& cache) {
  return ReadHits(cache.directory(), "a").value();
}

TEST("glance B5: hits – contending threads – are all counted") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  std::atomic<int> refused{0};
  std::atomic<int> failed{0};
  InThreads(kThreads, [&](int) {
    const int times = CountHits(cache, kHits);
    (times < 0 ? failed : refused) += times < 0 ? 1 : times;
  });
  CHECK_EQ(failed.load(), 0);
  CHECK_EQ(HitsOf(cache), kThreads * kHits);
  CHECK(refused.load() > 0);  // Otherwise this has shown nothing.
}

TEST("glance B5: hits – contending processes – are all counted") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  {
    std::vector<std::unique_ptr<testing::Worker>> workers;
    for (int i = 0; i < kThreads; i++) {
      workers.push_back(std::make_unique<testing::Worker>([&] { return CountHits(cache, kHits) >= 0; }));
    }
    for (const auto& worker : workers) CHECK(worker->Wait());
  }
  CHECK_EQ(HitsOf(cache), kThreads * kHits);
}

TEST("hits – no lock (the control) – are lost") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  int64_t hits = 0;
  for (int round = 0; round < 20 && HitsOf(cache) == hits; round++) {
    InThreads(kThreads, [&](int) {
      const OpenFile file(cache.Path("a"));
      for (int i = 0; i < kHits; i++) (void)AddToCounter(file.fd(), kHitsAttribute, 1);
    });
    hits += kThreads * kHits;
  }
  CHECK(HitsOf(cache) < hits);
}

TEST("a counter – waits for its lock – loses nothing") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  std::atomic<int> failed{0};
  InThreads(kThreads, [&](int) {
    for (int i = 0; i < 200; i++) {
      if (!IncrementCounter(cache.Path("a").c_str(), kHitsAttribute, 3, 10s).ok()) failed++;
    }
  });
  CHECK_EQ(failed.load(), 0);
  CHECK_EQ(HitsOf(cache), kThreads * 200 * 3);
}

TEST("every hit – reads beside evictions – is on a file or in an eviction's report") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  std::atomic<bool> stop{false};
  int64_t reported = 0;
  std::thread evictor([&] {
    while (!stop) {
      std::this_thread::sleep_for(300us);
      auto eviction = Eviction::Begin(cache.shared(), 0);
      if (!eviction.ok()) continue;
      const auto evicted = eviction.value().Step(10);
      for (size_t i = 0; i < evicted.images.size(); i++) reported += evicted.images.row(i).hits;
      if (evicted.images.size() > 0) (void)PutImage(cache.directory(), "a", Bytes("bytes"));
    }
  });
  std::atomic<int64_t> counted{0};
  InThreads(2, [&](int) {
    while (counted < 5000) {
      const auto image = OpenImageFile(cache.directory(), "a", Waiting::kAllowed);
      if (!image.ok()) continue;
      // The access is not written, since an image that was read after the walk would stay.
      const auto hit = RecordHit(image.value().fd.get(), 1h);
      if (hit.ok() && hit.value().outcome == HitOutcome::kCounted) counted++;
    }
  });
  stop = true;
  evictor.join();
  CHECK(reported > 0);
  CHECK_EQ(reported + HitsOf(cache), counted.load());
}

// Claims "a" until it has been the writer so often, and counts each time that another is the writer too.
struct Claims {
  std::atomic<int> writers{0};
  std::atomic<int> overlaps{0};
  std::atomic<int> failures{0};

  void Win(const Cache& cache, int often, const std::string& bytes) {
    while (often > 0) {
      auto writer = cache.Claim("a");
      if (!writer.ok()) {
        if (!writer.failed_with(EWOULDBLOCK)) failures++;
        std::this_thread::yield();
        continue;
      }
      if (writers.fetch_add(1) != 0) overlaps++;
      const bool written = writer.value().Write(Bytes(bytes)).ok();
      writers.fetch_sub(1);
      if (!written || !writer.value().Commit().ok()) failures++;
      often--;
    }
  }
};

TEST("a claim – many claim one image – has one writer at a time") {
  const Cache cache;
  Claims claims;
  InThreads(kThreads, [&](int i) { claims.Win(cache, 100, std::string(1000, static_cast<char>('a' + i))); });
  CHECK_EQ(claims.overlaps.load(), 0);
  CHECK_EQ(claims.failures.load(), 0);
  const auto bytes = testing::ReadFile(cache.Path("a"));
  CHECK(bytes.has_value() && bytes == std::string(1000, bytes->front()));
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a dead writer – claims and a reaper beside them – is taken over by one") {
  const Cache cache;
  Claims claims;
  std::atomic<bool> stop{false};
  std::atomic<int> reaper_failures{0};
  std::thread reaper([&] {
    while (!stop) {
      if (!ReapStalled(cache.directory(), 0, {}).ok()) reaper_failures++;
    }
  });
  for (int round = 0; round < 100; round++) {
    cache.LeaveDeadWriter("a", "half");
    const std::string bytes = "version " + std::to_string(round);
    InThreads(2, [&](int) { claims.Win(cache, 1, bytes); });
    if (testing::ReadFile(cache.Path("a")) != bytes) claims.failures++;
  }
  stop = true;
  reaper.join();
  CHECK_EQ(claims.overlaps.load(), 0);
  CHECK_EQ(claims.failures.load(), 0);
  CHECK_EQ(reaper_failures.load(), 0);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("writers – killed again and again – never stop those of other processes") {
  const Cache cache;
  for (int round = 0; round < 20; round++) {
    testing::Child killed([&] { new auto(cache.Claim("a")); });
    killed.Kill();
    auto writer = cache.Claim("a");
    CHECK_OK(writer);
    CHECK_OK(writer.value().Write(Bytes("whole")));
    CHECK_OK(writer.value().Commit());
  }
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a reader – puts beside it – sees one version, whole") {
  const Cache cache;
  const auto version = [](int i) { return std::string(20'000 + static_cast<size_t>(i), static_cast<char>('a' + i)); };
  cache.AddImage("a", version(0));
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    while (!stop) {
      const auto image = OpenImageFile(cache.directory(), "a", Waiting::kAllowed);
      std::string bytes(30'000, '?');
      const auto size =
          image.ok() ? ReadImage(image.value().fd.get(), std::as_writable_bytes(std::span(bytes)), 0, Waiting::kAllowed)
                     : Result<size_t>(image.error());
      if (!size.ok() || bytes.substr(0, size.value()) != version(bytes[0] - 'a')) wrong++;
    }
  });
  InThreads(2, [&](int thread) {
    for (int i = 0; i < 200; i++) {
      if (!PutImage(cache.directory(), "a", Bytes(version(2 * (i % 10) + thread))).ok()) wrong++;
    }
  });
  stop = true;
  reader.join();
  CHECK_EQ(wrong.load(), 0);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a deleted image – deleted while written – stays deleted") {
  const Cache cache;
  int kept = 0;
  for (int round = 0; round < 200; round++) {
    auto writer = cache.Claim("a");
    CHECK_OK(writer);
    CHECK_OK(writer.value().Write(Bytes("bytes")));
    std::atomic<bool> committed{false};
    std::atomic<bool> deleted{false};
    InThreads(2, [&](int thread) {
      if (thread == 0) committed = writer.value().Commit().ok();
      if (thread == 1) deleted = DeleteImage(cache.directory(), "a").ok();
    });
    CHECK(deleted.load());
    // A delete that was over before the commit began found its token; one that came after found the image.
    if (testing::Exists(cache.Path("a"))) kept++;
    if (writer.value().open()) CHECK_OK(writer.value().Rollback("deleted"));
  }
  CHECK_EQ(kept, 0);
}

TEST("glance B8, B11: a walk – images come and go – goes on") {
  const Cache cache;
  for (int i = 0; i < 50; i++) cache.AddImage("image-" + std::to_string(i), "ten bytes.");
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::thread walker([&] {
    while (!stop) {
      const auto list = ListImages(cache.directory());
      const auto sum = SumImages(cache.directory());
      if (!list.ok() || !sum.ok() || !FindColdest(cache.directory()).ok()) failed++;
    }
  });
  for (int round = 0; round < 500; round++) {
    const std::string id = "image-" + std::to_string(round % 50);
    (void)DeleteImage(cache.directory(), id.c_str());
    (void)PutImage(cache.directory(), id.c_str(), Bytes("ten bytes."));
  }
  stop = true;
  walker.join();
  CHECK_EQ(failed.load(), 0);
  CHECK_EQ(SumImages(cache.directory()).value(), 500);
}

}  // namespace
}  // namespace xattr_cache
