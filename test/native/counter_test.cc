#include "core/counter.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <chrono>
#include <limits>
#include <string>

#include "faults.h"
#include "files.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using namespace std::chrono_literals;
using testing::Attribute;
using testing::OpenFile;

constexpr int64_t kMax = 9007199254740991;

struct CountedFile {
  testing::TemporaryDirectory directory;
  std::string path = directory.path() + "/file";

  explicit CountedFile(std::string_view value) {
    testing::WriteFile(path, "");
    testing::SetAttribute(path, kHitsAttribute, value);
  }
  std::string value() const { return Attribute(path, kHitsAttribute).value_or("(none)"); }
};

TEST("a counter – any text – only a plain decimal that JavaScript holds exactly") {
  struct Case {
    std::string_view text;
    int64_t count;
  };
  using namespace std::string_view_literals;
  for (const Case& c : {Case{"", 0},
                        Case{"0", 0},
                        Case{"7", 7},
                        Case{"007", 7},
                        Case{"00000000000000000000000000000001", 1},
                        Case{"9007199254740991", kMax},
                        Case{"9007199254740992", 0},
                        Case{"9223372036854775807", 0},
                        Case{"9223372036854775808", 0},
                        Case{"10000000000000000000000000000000000000000", 0},
                        Case{"-1", 0},
                        Case{"-0", 0},
                        Case{"+1", 0},
                        Case{" 1", 0},
                        Case{"1 ", 0},
                        Case{"1\n", 0},
                        Case{"1\0"sv, 0},
                        Case{"1.5", 0},
                        Case{"1e3", 0},
                        Case{"0x10", 0},
                        Case{"many", 0},
                        Case{"١", 0}}) {
    if (ParseCounter(c.text) != c.count) {
      testing::Fail(__FILE__, __LINE__, testing::Show(c.text) + " counts as " + std::to_string(ParseCounter(c.text)));
    }
  }
}

TEST("a counter – missing or too long – counts as 0") {
  const CountedFile file(std::string(100, '1'));
  const OpenFile open(file.path);
  CHECK_EQ(ReadCounter(open.fd(), kHitsAttribute).value(), 0);
  CHECK_EQ(ReadCounter(open.fd(), "user.other").value(), 0);
}

TEST("a counter – no attributes supported – returns the reason") {
  const OpenFile open("/proc/self/status");
  CHECK_FAILS(ReadCounter(open.fd(), kHitsAttribute), EOPNOTSUPP);
}

TEST("a counter – incremented – returns its new value, and keeps it") {
  const CountedFile file("41");
  CHECK_EQ(IncrementCounter(file.path.c_str(), kHitsAttribute, 1, 0ms).value(), 42);
  CHECK_EQ(file.value(), "42");
  CHECK_EQ(IncrementCounter(file.path.c_str(), kHitsAttribute, -2, 0ms).value(), 40);
  CHECK_EQ(file.value(), "40");
}

TEST("a counter – missing – begins at 0") {
  const CountedFile file("");
  CHECK_EQ(IncrementCounter(file.path.c_str(), "user.new", 5, 0ms).value(), 5);
  CHECK_EQ(Attribute(file.path, "user.new"), "5");
}

TEST("glance B7: a counter – damaged – begins at 0 again") {
  const CountedFile file("many");
  CHECK_EQ(IncrementCounter(file.path.c_str(), kHitsAttribute, 1, 0ms).value(), 1);
  CHECK_EQ(file.value(), "1");
}

TEST("a counter – any increments – stays between 0 and 2^53 - 1") {
  const auto sum = [](std::string_view from, int64_t delta) {
    const CountedFile file(from);
    return IncrementCounter(file.path.c_str(), kHitsAttribute, delta, 0ms).value();
  };
  CHECK_EQ(sum("9007199254740990", 1), kMax);
  CHECK_EQ(sum("9007199254740991", 1), kMax);
  CHECK_EQ(sum("5", std::numeric_limits<int64_t>::max()), kMax);
  CHECK_EQ(sum("5", -6), 0);
  CHECK_EQ(sum("9007199254740991", std::numeric_limits<int64_t>::min()), 0);
  CHECK_EQ(sum("9007199254740991", -kMax), 0);
}

TEST("a counter – file missing – fails with openat's ENOENT") {
  const CountedFile file("1");
  const auto missing = IncrementCounter((file.path + "2").c_str(), kHitsAttribute, 1, 0ms);
  CHECK_FAILS(missing, ENOENT);
  CHECK_EQ(std::string_view(missing.error().syscall), "openat");
}

TEST("a counter – file locked – fails with ETIMEDOUT, and changes nothing") {
  const CountedFile file("1");
  const OpenFile holder(file.path);
  CHECK(holder.TryFlock());
  CHECK_FAILS(IncrementCounter(file.path.c_str(), kHitsAttribute, 1, 0ms), ETIMEDOUT);
  CHECK_FAILS(IncrementCounter(file.path.c_str(), kHitsAttribute, 1, 5ms), ETIMEDOUT);
  CHECK_EQ(file.value(), "1");
}

TEST("a counter – any outcome – leaves no lock") {
  const CountedFile file("1");
  CHECK_OK(IncrementCounter(file.path.c_str(), kHitsAttribute, 1, 0ms));
  CHECK(!testing::IsFlocked(file.path));
  {
    const testing::Faults faults(testing::Refuse("fsetxattr", ENOSPC));
    CHECK_FAILS(IncrementCounter(file.path.c_str(), kHitsAttribute, 1, 0ms), ENOSPC);
  }
  CHECK(!testing::IsFlocked(file.path));
}

TEST("a counter – cannot be read – is not overwritten") {
  const CountedFile file("41");
  const testing::Faults faults(testing::Refuse("fgetxattr", EIO));
  CHECK_FAILS(IncrementCounter(file.path.c_str(), kHitsAttribute, 1, 0ms), EIO);
  CHECK_EQ(file.value(), "41");
}

TEST("a counter – on a fifo – does not block") {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/fifo";
  CHECK_EQ(::mkfifo(path.c_str(), 0600), 0);
  CHECK_FAILS(IncrementCounter(path.c_str(), kHitsAttribute, 1, 0ms), EPERM);
}

}  // namespace
}  // namespace xattr_cache
