#include "core/reaper.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "cache_fixture.h"
#include "core/image_writer.h"
#include "core/writer_mark.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::ByAge;
using testing::Bytes;
using testing::Cache;
using testing::Faults;

constexpr double kHour = 3600;
constexpr double kDay = 24 * kHour;
constexpr char kOrphan[] = "incomplete/.d-0123456789abcdef";

uint64_t Reap(const Cache& cache, double grace_seconds, const StallRule& rule = {}) {
  const auto reaped = ReapStalled(cache.directory(), grace_seconds, rule);
  return reaped.ok() ? reaped.value() : UINT64_MAX;
}

void AddFile(const Cache& cache, const std::string& name, double seconds_ago) {
  testing::WriteFile(cache.Path(name), "");
  testing::MakeOlder(cache.Path(name), seconds_ago);
}

TEST("failed writes – strictly older than the grace – are reaped") {
  const Cache cache;
  AddFile(cache, "invalid/old", 100);
  AddFile(cache, "invalid/young", 10);
  AddFile(cache, "invalid/future", -100);
  CHECK_EQ(ReapInvalid(cache.directory(), kDay).value(), 0);
  CHECK_EQ(ReapInvalid(cache.directory(), 50).value(), 2);
  CHECK_EQ(testing::Names(cache.Path("invalid")), "young");
}

TEST("failed writes – no grace – are reaped immediately, whatever they are") {
  const Cache cache;
  AddFile(cache, "invalid/a", 0);
  AddFile(cache, "invalid/.d-0123456789abcdef", 0);
  CHECK_EQ(::symlink("/nowhere", cache.Path("invalid/link").c_str()), 0);
  CHECK_EQ(::mkfifo(cache.Path("invalid/fifo").c_str(), 0644), 0);
  AddFile(cache, "invalid/.hidden", 0);
  CHECK_EQ(::mkdir(cache.Path("invalid/directory").c_str(), 0755), 0);
  CHECK_EQ(ReapInvalid(cache.directory(), 0).value(), 4);
  CHECK_EQ(testing::Names(cache.Path("invalid")), ".hidden directory");
}

TEST("a dead writer – any grace – is reaped immediately") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  testing::Child killed([&] { new auto(cache.Claim("b")); });
  killed.Kill();
  CHECK_EQ(Reap(cache, kDay), 2);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a live writer – any process, any age – is never reaped") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const testing::Child other([&] { new auto(cache.Claim("b")); });
  cache.AgeIncomplete(10 * kDay);
  const std::string before = testing::Names(cache.Path("incomplete"));
  CHECK_EQ(Reap(cache, 0), 0);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), before);
  CHECK_OK(writer.value().Commit());
}

TEST("a reaper – token cannot be examined – leaves its writer's data") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  cache.AgeIncomplete(10 * kDay);
  for (int call = 1; call <= 4; call++) {
    for (const char* name : {"openat", "fgetxattr", "statx", "flock"}) {
      const Faults faults(testing::RefuseNth(name, call, EMFILE));
      (void)ReapStalled(cache.directory(), 0, {});
    }
  }
  CHECK_OK(writer.value().Commit());
}

// A cache that strangers may change, with a file in incomplete/ that they may not open.
struct Unreadable {
  explicit Unreadable(double seconds_ago) {
    ::chmod(cache.Path("incomplete").c_str(), 0777);
    AddFile(cache, "incomplete/a", seconds_ago);
    ::chmod(cache.Path("incomplete/a").c_str(), 0600);
  }
  bool StrangerReaps(double grace_seconds, uint64_t count) const {
    return testing::RunAsStranger([&] { return Reap(cache, grace_seconds) == count; });
  }

  Cache cache;
};

TEST("a live writer – reaper of a user who may not open its token – is not reaped") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  const Cache cache;
  ::chmod(cache.Path("incomplete").c_str(), 0777);
  ::umask(077);
  auto writer = cache.Claim("a");
  ::umask(022);
  CHECK_OK(writer);
  cache.AgeIncomplete(1.9 * kHour);  // The next touch is late.
  CHECK(testing::RunAsStranger([&] { return Reap(cache, 0) == 0; }));
  CHECK_OK(writer.value().Commit());
}

TEST("a file – closed to the user – is reaped after the grace and two hours") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  const Unreadable young(1.9 * kHour);
  CHECK(young.StrangerReaps(0, 0));
  CHECK(young.StrangerReaps(kHour, 0));
  const Unreadable old(3 * kHour);
  CHECK(old.StrangerReaps(kDay, 0));
  CHECK(old.StrangerReaps(kHour, 1));
  CHECK_EQ(testing::Names(old.cache.Path("incomplete")), "");
}

TEST("a file – user may neither open nor remove it – stays, and fails no reaper") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  const Unreadable old(3 * kHour);
  ::chmod(old.cache.Path("incomplete").c_str(), 01777);
  CHECK(old.StrangerReaps(kHour, 0));
  CHECK_EQ(testing::Names(old.cache.Path("incomplete")), "a");
}

TEST("unnamed bytes – beside a file closed to the user – are reaped after two hours") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  const Unreadable young(100);
  AddFile(young.cache, kOrphan, 1.9 * kHour);
  CHECK(young.StrangerReaps(0, 0));
  testing::MakeOlder(young.cache.Path(kOrphan), kHour);
  CHECK(young.StrangerReaps(kDay, 0));
  CHECK(young.StrangerReaps(0, 1));
  CHECK_EQ(testing::Names(young.cache.Path("incomplete")), "a");
}

TEST("a writer – locks do not work – is reaped when it has stalled") {
  const Cache cache;
  auto writer = ImageWriter::Claim(cache.shared(), "a", ByAge(50));
  CHECK_OK(writer);
  CHECK_EQ(Reap(cache, 0, ByAge(50)), 0);
  cache.AgeIncomplete(100);
  CHECK_OK(writer.value().Touch());
  CHECK_EQ(Reap(cache, 0, ByAge(50)), 0);
  cache.AgeIncomplete(100);
  CHECK_EQ(Reap(cache, 0, ByAge(50)), 1);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a foreign writer's file – strictly older than the grace – is reaped") {
  const Cache cache;
  AddFile(cache, "incomplete/old", 100);
  AddFile(cache, "incomplete/young", 10);
  CHECK_EQ(Reap(cache, 50), 1);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "young");
  CHECK_EQ(Reap(cache, 0), 1);
}

TEST("no grace – foreign links, fifos – reaped, but not directories and dot files") {
  const Cache cache;
  CHECK_EQ(::symlink("/nowhere", cache.Path("incomplete/link").c_str()), 0);
  CHECK_EQ(::mkfifo(cache.Path("incomplete/fifo").c_str(), 0644), 0);
  CHECK_EQ(::mkdir(cache.Path("incomplete/directory").c_str(), 0755), 0);
  AddFile(cache, "incomplete/.hidden", kDay);
  CHECK_EQ(Reap(cache, 0), 2);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), ".hidden directory");
}

TEST("devices – without a driver – are reaped like files, and hinder no other") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to make devices");
  const Cache cache;
  CHECK_EQ(::mknod(cache.Path("incomplete/device").c_str(), S_IFCHR | 0644, makedev(10, 254)), 0);
  AddFile(cache, "incomplete/z", 100);
  AddFile(cache, "incomplete/.d-0123456789abcdef", 100);
  CHECK_EQ(Reap(cache, 50), 2);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "device");
  CHECK_EQ(FindHolder(cache.directory(), "device", {}).value(), Holder::kForeignWriter);
  CHECK_EQ(Reap(cache, 0), 1);
}

TEST("a foreign file – locked – stays") {
  const Cache cache;
  AddFile(cache, "incomplete/a", 100);
  const testing::OpenFile holder(cache.Path("incomplete/a"));
  CHECK(holder.TryFlock());
  CHECK_EQ(Reap(cache, 0), 0);
  CHECK(testing::Exists(cache.Path("incomplete/a")));
}

TEST("a foreign file – locked between two looks at it – stays") {
  const Cache cache;
  AddFile(cache, "incomplete/a", 100);
  const testing::OpenFile holder(cache.Path("incomplete/a"));
  // The first look's lock and its release, and the one in question.
  const Faults faults(testing::Before("flock", 3, [&] { return holder.TryFlock() ? 0 : EIO; }));
  CHECK_EQ(Reap(cache, 0), 0);
  CHECK(testing::Exists(cache.Path("incomplete/a")));
}

TEST("a token – made by name, not marked yet – is left to its writer") {
  const Cache cache;
  AddFile(cache, "incomplete/a", 100);
  // Taken for a foreign file when it was first looked at, marked before it is locked.
  const Faults faults(testing::Before("flock", 3, [&] {
    testing::SetAttribute(cache.Path("incomplete/a"), kWriterAttribute, ".d-0123456789abcdef boot");
    return 0;
  }));
  CHECK_EQ(Reap(cache, 0), 0);
  CHECK(testing::Exists(cache.Path("incomplete/a")));
}

// The foreign writer is done and one of ours begins, while the reaper is between its looks at the name.
TEST("a foreign file – becomes a live writer's token meanwhile – stays") {
  for (const int refusal : {0, EMFILE}) {
    const Cache cache;
    AddFile(cache, "incomplete/a", 100);
    std::optional<Result<ImageWriter>> writer;
    // The walk's, the first look's, and the one in question.
    const Faults faults(testing::Before("openat", 3, [&] {
      ::unlink(cache.Path("incomplete/a").c_str());
      writer.emplace(cache.Claim("a"));
      return refusal;
    }));
    (void)ReapStalled(cache.directory(), 0, {});
    CHECK(writer.has_value() && writer->ok());
    CHECK(testing::IsFlocked(cache.Path("incomplete/a")));
  }
}

TEST("a foreign file – replaced after it was locked – stays") {
  const Cache cache;
  AddFile(cache, "incomplete/a", 100);
  std::optional<testing::OpenFile> keeps_the_inode(std::in_place, cache.Path("incomplete/a"));
  const Faults faults(testing::Before("flock", 3, [&] {
    ::unlink(cache.Path("incomplete/a").c_str());
    testing::WriteFile(cache.Path("incomplete/a"), "a new one");
    return 0;
  }));
  CHECK_EQ(Reap(cache, 0), 0);
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "a new one");
}

TEST("unnamed bytes – at least a minute old – are reaped") {
  const Cache cache;
  AddFile(cache, kOrphan, 50);
  CHECK_EQ(Reap(cache, 0), 0);
  testing::MakeOlder(cache.Path(kOrphan), 20);
  CHECK_EQ(Reap(cache, 100), 0);
  CHECK_EQ(Reap(cache, 0), 1);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a probe's leftovers – at least a minute old – are reaped, and no other dot file") {
  const Cache cache;
  AddFile(cache, ".d-0123456789abcdef", 50);
  AddFile(cache, ".d-other", 100);
  CHECK_EQ(Reap(cache, 0), 0);
  testing::MakeOlder(cache.Path(".d-0123456789abcdef"), 20);
  CHECK_EQ(Reap(cache, 100), 0);
  CHECK_EQ(Reap(cache, 0), 1);
  CHECK(!testing::Exists(cache.Path(".d-0123456789abcdef")));
  CHECK(testing::Exists(cache.Path(".d-other")));
}

TEST("bytes – named by a token – are not reaped as unnamed") {
  const Cache cache;
  const std::string data = cache.LeaveDeadWriter("a", "half");
  cache.AgeIncomplete(kDay / 2);
  CHECK_EQ(Reap(cache, 0, ByAge(kDay)), 0);
  CHECK(testing::Exists(cache.Path("incomplete/" + data)));
}

TEST("a reaper – cannot go on – returns the reason") {
  const Cache cache;
  AddFile(cache, "invalid/a", 100);
  cache.LeaveDeadWriter("a", "half");
  for (const char* call : {"openat", "getdents64", "unlinkat"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(ReapInvalid(cache.directory(), 0), EIO);
    CHECK_FAILS(ReapStalled(cache.directory(), 0, {}), EIO);
  }
  AddFile(cache, kOrphan, 100);
  CHECK_EQ(Reap(cache, kDay), 1);
  {
    const Faults faults(testing::Refuse("statx", EIO));
    CHECK_FAILS(ReapInvalid(cache.directory(), 50), EIO);
    CHECK_FAILS(ReapStalled(cache.directory(), 50, {}), EIO);
  }
  const Faults faults(testing::Refuse("unlinkat", EACCES));
  CHECK_FAILS(ReapStalled(cache.directory(), 50, {}), EACCES);
}

std::string FileOf(const Result<uint64_t>& outcome) {
  if (outcome.ok()) return "succeeded";
  return outcome.error().file == nullptr ? "no file" : *outcome.error().file;
}

TEST("a reaper – failed – names the file") {
  const Cache cache;
  testing::WriteFile(cache.Path("invalid/failed"), "half");
  testing::WriteFile(cache.Path("incomplete/foreign"), "half");
  const Faults faults(testing::Refuse("unlinkat", EPERM));
  CHECK_EQ(FileOf(ReapInvalid(cache.directory(), 0)), "invalid/failed");
  CHECK_EQ(FileOf(ReapStalled(cache.directory(), 0, {})), "incomplete/foreign");
}

TEST("a reaper – file gone before its turn – is not counted") {
  const Cache cache;
  AddFile(cache, "invalid/a", 100);
  AddFile(cache, "invalid/b", 100);
  {
    const Faults faults(testing::RefuseNth("statx", 1, ENOENT));
    CHECK_EQ(ReapInvalid(cache.directory(), 50).value(), 1);
  }
  for (const int code : {ENOENT, EBUSY, EISDIR}) {
    const Faults faults(testing::Refuse("unlinkat", code));
    CHECK_EQ(ReapInvalid(cache.directory(), 50).value(), 0);
  }
}

}  // namespace
}  // namespace xattr_cache
