// An eviction for the limits of all processes.

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "core/eviction.h"
#include "core/image_scan.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "limited.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;
using testing::Limited;

// So many images of `size` bytes, "10" the coldest, then "11".
void AddImages(const Cache& cache, int count, size_t size) {
  for (int i = 0; i < count; i++) cache.AddImage(std::to_string(10 + i), std::string(size, 'x'), 1000 - i);
}

Result<Eviction> Begin(const Limited& process, Eviction::ForLimits how = {}) {
  return Eviction::BeginForLimits(process.shared(), how);
}

// Evicts until it is done, and returns the victims, or the error.
std::string Evict(Result<Eviction> eviction, size_t step = 100) {
  std::string names;
  if (!eviction.ok()) return testing::Describe(eviction.error());
  while (!eviction.value().done()) {
    const auto evicted = eviction.value().Step(step);
    if (!evicted.ok()) return testing::Describe(evicted.error());
    const ImageList& images = evicted.value().images;
    for (size_t i = 0; i < images.size(); i++) names += std::string(images.name(images.row(i))) + ' ';
  }
  return names;
}

TEST("an eviction for limits – large images – frees exactly what is needed") {
  const Cache cache;
  AddImages(cache, 11, 10);
  const Limited process(cache, {.bytes = 100}, 0.97);
  auto eviction = Begin(process);
  CHECK_OK(eviction);
  CHECK(eviction.value().limit() == Limit::kBytes);
  CHECK_EQ(Evict(std::move(eviction)), "10 ");
  CHECK_EQ(process.Measure(), "held 100/10, reserved 0/0");
  CHECK_EQ(Evict(Begin(process)), "");
}

TEST("an eviction for limits – small images – goes twice the headroom below") {
  const Cache cache;
  AddImages(cache, 10, 100);
  const Limited process(cache, {.bytes = 1000}, 0.875);
  CHECK_EQ(Evict(Begin(process, {.extra = {}, .wanted = {}, .in_advance = false})), "");
  CHECK_EQ(Evict(Begin(process)), "10 11 12 ");
  CHECK_EQ(process.Measure(), "held 700/7, reserved 0/0");
  CHECK_EQ(Evict(Begin(process)), "");
}

TEST("an eviction for limits – victim larger than the headroom – stops before it") {
  const Cache cache;
  cache.AddImage("small", std::string(125, 'x'), 1000);
  cache.AddImage("large", std::string(126, 'x'), 999);
  cache.AddImage("rest", std::string(749, 'x'), 998);
  const Limited process(cache, {.bytes = 1000}, 0.875);
  CHECK_EQ(Evict(Begin(process)), "small ");
}

TEST("an eviction for limits – limits exceeded and near – names the exceeded") {
  const Cache cache;
  AddImages(cache, 12, 79);
  const Limited process(cache, {.bytes = 1000, .images = 11}, 0.875);
  auto eviction = Begin(process);
  CHECK_OK(eviction);
  CHECK(eviction.value().limit() == Limit::kImages);
}

TEST("an eviction for limits – count of images – is kept, in advance from many on") {
  const Cache cache;
  AddImages(cache, 12, 1);
  const Limited few(cache, {.images = 11}, 0.91);
  auto eviction = Begin(few);
  CHECK_OK(eviction);
  CHECK(eviction.value().limit() == Limit::kImages);
  CHECK_EQ(Evict(std::move(eviction)), "10 ");
  const Limited many(cache, {.images = 11}, 0.9);
  CHECK_EQ(Evict(Begin(many)), "11 12 13 ");
}

TEST("an eviction for limits – free space or inodes short – counts blocks") {
  const Cache cache;
  AddImages(cache, 3, 10);
  struct statvfs stat;
  CHECK_EQ(sys::StatFileSystem(cache.directory().base(), &stat), 0);
  const Limited bytes(cache, {.free_bytes = UINT64_MAX / 4}, 0.97);
  auto eviction = Begin(bytes);
  CHECK_OK(eviction);
  CHECK(eviction.value().limit() == Limit::kFreeBytes);
  CHECK_EQ(Evict(std::move(eviction)), "10 11 12 ");
  if (stat.f_files == 0) return;
  AddImages(cache, 3, 10);
  const Limited inodes(cache, {.free_inodes = UINT64_MAX / 4}, 0.97);
  auto by_inodes = Begin(inodes);
  CHECK_OK(by_inodes);
  CHECK(by_inodes.value().limit() == Limit::kFreeInodes);
  CHECK_EQ(Evict(std::move(by_inodes)), "10 11 12 ");
}

TEST("an eviction for limits – extra wanted – frees at least that") {
  const Cache cache;
  AddImages(cache, 4, 10);
  const Limited process(cache, {.bytes = 1000}, 0.97);
  Eviction::ForLimits how;
  how.extra.cache.bytes = 11;
  how.dry_run = true;
  CHECK_EQ(Evict(Begin(process, how)), "10 11 ");
  how.extra = {};
  how.extra.cache.images = 3;
  CHECK_EQ(Evict(Begin(process, how)), "10 11 12 ");
  how.extra = {};
  how.extra.inodes = 1;
  CHECK_EQ(Evict(Begin(process, how)), "10 ");
  how.extra = {};
  how.extra.disk_bytes = static_cast<uint64_t>(testing::StatOf(cache.Path("10")).st_blocks) * 512 + 1;
  CHECK_EQ(Evict(Begin(process, how)), "10 11 ");
  CHECK_EQ(SumImages(cache.directory()).value(), 40);
}

TEST("an eviction for limits – callers wait – frees what they want, too") {
  const Cache cache;
  AddImages(cache, 8, 10);
  const Limited process(cache, {.bytes = 100}, 0.97);
  const Limited waiter(cache, {.bytes = 100}, 0.97);
  process.Walk(80, 8);
  CHECK_EQ(process.Reserve(15), "room");
  waiter.Wait(1000, 20);
  CHECK_EQ(Evict(Begin(process)), "10 11 ");
  waiter.Wait(0);
  CHECK_EQ(Evict(Begin(process)), "");
}

TEST("an eviction for limits – failed writes kept – counts their bytes") {
  const Cache cache;
  AddImages(cache, 9, 10);
  testing::WriteFile(cache.Path("invalid/b"), std::string(15, 'x'));
  const Limited process(cache, {.bytes = 100}, 0.97);
  CHECK_EQ(Evict(Begin(process)), "10 ");
  CHECK_EQ(process.Measure(), "held 95/8, reserved 0/0");
}

TEST("an eviction for limits – any outcome – tells the size, and what it removes") {
  const Cache cache;
  AddImages(cache, 12, 10);
  const Limited process(cache, {.bytes = 100}, 0.97);
  auto eviction = Begin(process);
  CHECK_OK(eviction);
  CHECK_EQ(process.Measure(), "held 120/12, reserved 0/0");
  CHECK_EQ(eviction.value().Step(1).value().images.size(), 1);
  CHECK_EQ(process.Measure(), "held 110/11, reserved 0/0");
  CHECK(!eviction.value().done());
  CHECK_EQ(eviction.value().Step(1).value().images.size(), 1);
  CHECK(eviction.value().done());
  const auto totals = process.reservations().Totals(process.base());
  CHECK_EQ(totals.value().images, 2);
  CHECK_EQ(totals.value().bytes, 20);
  CHECK(totals.value().youngest_age_ns > 900 * testing::kSecond);
  CHECK(totals.value().youngest_age_ns < 1000 * testing::kSecond);
}

TEST("two evictions for limits – step in turns – free together what one would") {
  const Cache cache;
  AddImages(cache, 14, 10);
  const Limited process(cache, {.bytes = 100}, 0.97);
  auto first = Begin(process);
  auto second = Begin(process);
  CHECK_OK(first);
  CHECK_OK(second);
  CHECK_EQ(first.value().Step(1).value().images.size(), 1);
  CHECK_EQ(second.value().Step(2).value().images.size(), 1);
  CHECK_EQ(Evict(std::move(first)), "12 13 ");
  CHECK_EQ(Evict(std::move(second)), "");
  CHECK_EQ(process.Measure(), "held 100/10, reserved 0/0");
}

TEST("an eviction for limits – another is in a step – must begin or step again") {
  const Cache cache;
  AddImages(cache, 12, 10);
  const Limited process(cache, {.bytes = 100}, 0.97);
  auto first = Begin(process);
  auto second = Begin(process);
  CHECK_OK(first);
  CHECK_OK(second);
  std::optional<bool> kept_out;
  {
    const Faults faults(testing::Before("unlinkat", 1, [&] {
      kept_out = second.value().Step(1).failed_with(EWOULDBLOCK) && Begin(process).failed_with(EWOULDBLOCK);
      return 0;
    }));
    CHECK_EQ(Evict(std::move(first)), "10 11 ");
  }
  CHECK_EQ(kept_out, true);
  CHECK_EQ(Evict(std::move(second)), "");
}

TEST("an eviction for limits – a dry run – reports the victims, and removes nothing") {
  const Cache cache;
  AddImages(cache, 12, 10);
  const Limited process(cache, {.bytes = 100}, 0.97);
  CHECK_EQ(Evict(Begin(process, {.extra = {}, .wanted = {}, .in_advance = true, .dry_run = true})), "10 11 ");
  CHECK_EQ(process.Measure(), "held 120/12, reserved 0/0");
  CHECK_EQ(SumImages(cache.directory()).value(), 120);
}

TEST("an eviction for limits – cannot begin – returns the reason") {
  const Cache cache;
  AddImages(cache, 2, 10);
  const Limited process(cache, {.bytes = 10}, 0.97);
  for (const char* call : {"openat", "getdents64", "flock", "pread64", "pwrite64", "fstatfs"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(Begin(process), EIO);
  }
  CHECK_EQ(Evict(Begin(process)), "10 ");
}

}  // namespace
}  // namespace xattr_cache
