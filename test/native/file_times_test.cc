#include "posix/file_times.h"

#include <limits>

#include "harness.h"

namespace xattr_cache {
namespace {

TEST("times – before and after the epoch – are counted in nanoseconds") {
  CHECK_EQ(ToNanoseconds({0, 0}), 0);
  CHECK_EQ(ToNanoseconds({1, 5}), 1'000'000'005);
  CHECK_EQ(ToNanoseconds({-1, 999'999'999}), -1);
  CHECK_EQ(ToNanoseconds({9'000'000'000, 1}), 9'000'000'000'000'000'001);
}

// Which `touch -d 2400-01-01` makes.
TEST("times – out of range – become the farthest that fit, in order") {
  const int64_t now = ToNanoseconds(sys::Now());
  for (const time_t far : {time_t{13'569'465'600}, std::numeric_limits<time_t>::max()}) {
    CHECK(ToNanoseconds({far, 999'999'999}) > now);
    CHECK(ToNanoseconds({-far, 0}) < 0);
    CHECK(AgeSeconds({far, 0}) > 1e9);
  }
  CHECK(AgeSeconds({-13'569'465'600, 0}) > 1e10);
}

TEST("a span – out of range – is the longest that fits") {
  CHECK_EQ(FromMilliseconds(1.5).count(), 1'500'000);
  CHECK_EQ(FromMilliseconds(std::numeric_limits<double>::infinity()).count(), 9'200'000'000'000'000'000);
  CHECK_EQ(FromMilliseconds(1e300).count(), 9'200'000'000'000'000'000);
}

TEST("milliseconds – with a fraction – keep it") {
  CHECK_EQ(ToMilliseconds(1'500'000), 1.5);
  CHECK_EQ(ToMilliseconds(1), 1e-6);
}

TEST("recency – access and modification – is the later that is not beyond now") {
  constexpr int64_t kNow = 20'000'000'000;
  sys::FileStat stat;
  stat.made = {3, 0};
  stat.accessed = {10, 5};
  stat.modified = {10, 4};
  CHECK_EQ(Recency(stat, kNow), 10'000'000'005);
  stat.modified = {11, 0};
  CHECK_EQ(Recency(stat, kNow), 11'000'000'000);
  stat.modified = {20, 0};
  CHECK_EQ(Recency(stat, kNow), kNow);
  stat.modified = {20, 1};
  CHECK_EQ(Recency(stat, kNow), 10'000'000'005);
  stat.accessed = {30, 0};
  stat.modified = {12, 0};
  CHECK_EQ(Recency(stat, kNow), 12'000'000'000);
}

TEST("recency – both times beyond now – is when the file was made") {
  sys::FileStat stat;
  stat.made = {3, 0};
  stat.accessed = {30, 0};
  stat.modified = {40, 0};
  CHECK_EQ(Recency(stat, 20'000'000'000), 3'000'000'000);
}

TEST("recency – time in the future – is as old as one as far in the past") {
  timespec time = sys::Now();
  time.tv_sec -= 100;
  CHECK(AgeSeconds(time) >= 100 && AgeSeconds(time) < 110);
  time.tv_sec += 200;
  CHECK(AgeSeconds(time) > 90 && AgeSeconds(time) <= 100);
}

}  // namespace
}  // namespace xattr_cache
