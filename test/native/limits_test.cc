#include "core/limits.h"

#include "harness.h"

namespace xattr_cache {
namespace {

constexpr Limits kAll{.bytes = 100, .images = 10, .free_bytes = 50, .free_inodes = 5};

// A balance that is exactly at each of kAll.
Balance AtAllLimits() {
  Balance balance;
  balance.limits = kAll;
  balance.held = {60, 6};
  balance.reserved = {30, 3};
  balance.wanted = {10, 1};
  balance.unwritten = 20;
  balance.free_bytes = 80;  // 50 to be left, 20 unwritten, 10 wanted
  balance.free_inodes = 9;  // 5 to be left, 3 reserved, 1 wanted
  return balance;
}

TEST("the strictest limits – of two – are the stricter of each") {
  const Limits strictest = kAll.Strictest({.bytes = 99, .images = 11, .free_bytes = 51, .free_inodes = 4});
  CHECK_EQ(strictest.bytes, 99);
  CHECK_EQ(strictest.images, 10);
  CHECK_EQ(strictest.free_bytes, 51);
  CHECK_EQ(strictest.free_inodes, 5);
  CHECK_EQ(Limits{}.Strictest({.bytes = 7}).bytes, 7);
}

TEST("spaces – subtracted – are at least nothing") {
  CHECK_EQ((Space{3, 2} - Space{4, 1}).bytes, 0);
  CHECK_EQ((Space{3, 2} - Space{4, 1}).images, 1);
  CHECK((Space{3, 2} - Space{3, 3}).empty());
  CHECK(!(Space{1, 0}).empty() && !(Space{0, 1}).empty());
}

TEST("the excess – exactly at every limit – is nothing") {
  CHECK(FindExcess(AtAllLimits(), 1).empty());
}

TEST("the excess – one above a limit – is one, and names the limit") {
  Balance bytes = AtAllLimits();
  bytes.held.bytes++;
  CHECK_EQ(FindExcess(bytes, 1).cache.bytes, 1);
  CHECK(FindExcess(bytes, 1).limit == Limit::kBytes);

  Balance images = AtAllLimits();
  images.held.images++;
  CHECK_EQ(FindExcess(images, 1).cache.images, 1);
  CHECK(FindExcess(images, 1).limit == Limit::kImages);

  Balance disk = AtAllLimits();
  disk.free_bytes--;
  CHECK_EQ(FindExcess(disk, 1).disk_bytes, 1);
  CHECK(FindExcess(disk, 1).limit == Limit::kFreeBytes);

  Balance inodes = AtAllLimits();
  inodes.free_inodes = *inodes.free_inodes - 1;
  CHECK_EQ(FindExcess(inodes, 1).inodes, 1);
  CHECK(FindExcess(inodes, 1).limit == Limit::kFreeInodes);
  for (const Balance& balance : {bytes, images, disk, inodes}) CHECK(!FindExcess(balance, 1).empty());
}

TEST("the excess – above several limits – names the one that asks for most") {
  Balance balance = AtAllLimits();
  balance.held = {62, 8};
  CHECK(FindExcess(balance, 1).limit == Limit::kBytes);
  balance.free_bytes = 79;
  CHECK(FindExcess(balance, 1).limit == Limit::kBytes);
  balance.free_bytes = 77;
  CHECK(FindExcess(balance, 1).limit == Limit::kFreeBytes);
  balance = AtAllLimits();
  balance.held.images = 8;
  balance.free_inodes = 7;
  CHECK(FindExcess(balance, 1).limit == Limit::kImages);
  balance.free_inodes = 6;
  CHECK(FindExcess(balance, 1).limit == Limit::kFreeInodes);
}

TEST("the excess – each part of a balance – counts") {
  for (Space Balance::* part : {&Balance::held, &Balance::reserved, &Balance::wanted}) {
    Balance balance = AtAllLimits();
    (balance.*part).bytes += 5;
    (balance.*part).images += 2;
    CHECK_EQ(FindExcess(balance, 1).cache.bytes, 5);
    CHECK_EQ(FindExcess(balance, 1).cache.images, 2);
    CHECK_EQ(FindExcess(balance, 1).inodes, part == &Balance::held ? 0 : 2);
    CHECK_EQ(FindExcess(balance, 1).disk_bytes, part == &Balance::wanted ? 5 : 0);
  }
  Balance balance = AtAllLimits();
  balance.unwritten++;
  CHECK_EQ(FindExcess(balance, 1).disk_bytes, 1);
}

TEST("the excess – above a part of the limits – wants more free space, too") {
  const Excess excess = FindExcess(AtAllLimits(), 0.5);
  CHECK_EQ(excess.cache.bytes, 50);
  CHECK_EQ(excess.cache.images, 5);
  CHECK_EQ(excess.disk_bytes, 50);
  CHECK_EQ(excess.inodes, 5);
}

TEST("the excess – no limits, or inodes not counted – is nothing") {
  Balance balance = AtAllLimits();
  balance.free_inodes.reset();
  balance.limits = {.free_inodes = 1000};
  CHECK(FindExcess(balance, 1).empty());
  balance.limits = {};
  balance.free_bytes = 0;
  CHECK(FindExcess(balance, 0.5).empty());
}

TEST("the excess – extreme limits – does not overflow") {
  Balance balance = AtAllLimits();
  balance.limits = {.bytes = UINT64_MAX - 1, .images = UINT64_MAX - 1};
  CHECK(FindExcess(balance, 1).empty());
  balance.limits = {.free_bytes = 50, .free_inodes = UINT64_MAX};
  CHECK(FindExcess(balance, 0).disk_bytes > 1'000'000);
  CHECK(FindExcess(balance, 1).inodes > 1'000'000);
  balance.limits = {.bytes = 0};
  CHECK_EQ(FindExcess(balance, 1).cache.bytes, 100);
}

TEST("an image – disk full, images held – may fit once they are gone") {
  Balance balance = AtAllLimits();
  balance.limits.bytes = 1000;
  balance.disk_bytes = 200;
  balance.free_bytes = 10;
  balance.free_inodes = 0;
  CHECK(CanFit(balance, {}, {150, 1}));
  CHECK(!CanFit(balance, {}, {151, 1}));
  CHECK(!CanFit(balance, {100, 1}, {51, 0}));
}

TEST("an image – disk full, nothing to evict – does not fit") {
  Balance balance;
  balance.limits = {.free_bytes = 50, .free_inodes = 5};
  balance.disk_bytes = 200;
  balance.free_bytes = 60;
  balance.free_inodes = 6;
  CHECK(CanFit(balance, {}, {10, 1}));
  CHECK(!CanFit(balance, {}, {11, 1}));
  CHECK(!CanFit(balance, {}, {10, 2}));
  balance.reserved = {11, 1};  // Its own.
  CHECK(!CanFit(balance, {}, {11, 1}));
  balance.reserved = {12, 2};  // Another may be given up.
  CHECK(CanFit(balance, {}, {11, 1}));
  balance.free_inodes.reset();
  CHECK(CanFit(balance, {}, {10, 2}));
}

TEST("an image – larger than the limits of the cache – does not fit") {
  Balance balance = AtAllLimits();
  balance.limits = {.bytes = 100, .images = 1};
  CHECK(CanFit(balance, {}, {100, 1}));
  CHECK(CanFit(balance, {60, 1}, {40, 0}));
  CHECK(!CanFit(balance, {60, 1}, {41, 0}));
  CHECK(!CanFit(balance, {}, {101, 1}));
  CHECK(!CanFit(balance, {}, {1, 2}));
}

}  // namespace
}  // namespace xattr_cache
