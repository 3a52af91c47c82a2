// Counting hits and marking accesses: RecordHit.

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <limits>
#include <string>

#include "cache_fixture.h"
#include "core/image_reader.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "posix/file_times.h"
#include "posix/xattr.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using namespace std::chrono_literals;
using testing::Cache;
using testing::Faults;
using testing::OpenFile;

struct HitImage {
  Cache cache;
  std::string path = cache.Path("a");
  OpenFile file{(cache.AddImage("a", "bytes", 1000), path)};

  int fd() const { return file.fd(); }
  std::string hits() const { return testing::Attribute(path, kHitsAttribute).value_or("(none)"); }
};

TEST("a hit – counted – also sets the access time, in the clock's nanoseconds") {
  const HitImage image;
  const int64_t modified = testing::ModifiedNs(image.path);
  const int64_t before = testing::NowNs();
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  const int64_t after = testing::NowNs();
  CHECK_EQ(image.hits(), "1");
  const int64_t first = testing::AccessedNs(image.path);
  CHECK(first >= before && first <= after);
  CHECK_EQ(testing::ModifiedNs(image.path), modified);
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(image.hits(), "2");
  CHECK(testing::AccessedNs(image.path) > first);
  CHECK(!testing::IsFlocked(image.path));
}

TEST("hits – several at one moment – are counted as one increment") {
  const HitImage image;
  CHECK_EQ(RecordHit(image.fd(), 0ns, 12).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(image.hits(), "13");
}

TEST("glance B7: a first hit – no count, or no number – is counted") {
  const HitImage image;
  ::unlink(image.path.c_str());
  testing::WriteFile(image.path, "bytes");
  const OpenFile file(image.path);
  CHECK_EQ(RecordHit(file.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(image.hits(), "1");
  testing::SetAttribute(image.path, kHitsAttribute, "many");
  CHECK_EQ(RecordHit(file.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(image.hits(), "1");
}

TEST("a hit – image locked by another – must be tried again") {
  const HitImage image;
  const OpenFile holder(image.path);
  CHECK(holder.TryFlock());
  CHECK_FAILS(RecordHit(image.fd(), 0ns), EWOULDBLOCK);
  CHECK_EQ(image.hits(), "0");
}

TEST("a hit – image evicted or replaced – is not counted") {
  const HitImage image;
  CHECK_OK(PutImage(image.cache.directory(), "a", testing::Bytes("new")));
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kEvicted);
  CHECK_EQ(image.hits(), "0");
  const OpenFile file(image.path);
  CHECK_EQ(::unlink(image.path.c_str()), 0);
  CHECK_EQ(RecordHit(file.fd(), 0ns).value().outcome, HitOutcome::kEvicted);
}

TEST("a check for eviction – any image – is made under its lock") {
  const HitImage image;
  const Faults faults(testing::Before("flock", 1, [&] { return ::unlink(image.path.c_str()), 0; }));
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kEvicted);
}

TEST("a hit – cannot be written – returns the reason, without failing") {
  const HitImage image;
  for (const char* call : {"flock", "statx", "fgetxattr", "fsetxattr"}) {
    for (const int code : {ENOSPC, EDQUOT, EROFS, EACCES, EPERM, ENOLCK}) {
      const Faults faults(testing::RefuseNth(call, 1, code));
      const auto hit = RecordHit(image.fd(), 0ns);
      CHECK_OK(hit);
      CHECK_EQ(hit.value().outcome, HitOutcome::kNotWritten);
      CHECK_EQ(hit.value().problem.code, code);
      CHECK_EQ(hit.value().problem.syscall, call);
    }
  }
  CHECK_EQ(image.hits(), "0");
  CHECK(!testing::IsFlocked(image.path));
}

TEST("an access – within the resolution, or older – is kept, or written again") {
  const HitImage image;
  const int64_t recent = testing::NowNs() - testing::kSecond;
  testing::SetTimes(image.path, recent, recent);
  CHECK_EQ(RecordHit(image.fd(), 10s).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(testing::AccessedNs(image.path), recent);
  CHECK_EQ(image.hits(), "1");
  CHECK_EQ(RecordHit(image.fd(), 500ms).value().outcome, HitOutcome::kCounted);
  CHECK(testing::AccessedNs(image.path) > recent);
}

TEST("an access – infinite resolution – is recent enough at any age but in the future") {
  const HitImage image;
  const auto never = FromMilliseconds(std::numeric_limits<double>::infinity());
  testing::SetTimes(image.path, 0, 0);
  CHECK_EQ(RecordHit(image.fd(), never).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(testing::AccessedNs(image.path), 0);

  const timespec far{13'569'465'600, 0};  // the year 2400
  CHECK_EQ(sys::SetTimes(image.fd(), far, far), 0);
  const int64_t before = testing::NowNs();
  CHECK_EQ(RecordHit(image.fd(), never).value().outcome, HitOutcome::kCounted);
  CHECK(testing::AccessedNs(image.path) >= before);
  CHECK(testing::AccessedNs(image.path) <= testing::NowNs());
}

TEST("an access – in the future – is always overwritten") {
  const HitImage image;
  const int64_t future = testing::NowNs() + 1000 * testing::kSecond;
  testing::SetTimes(image.path, future, future);
  CHECK_EQ(RecordHit(image.fd(), 1h).value().outcome, HitOutcome::kCounted);
  CHECK(testing::AccessedNs(image.path) < future);
}

TEST("a hit – modification in the future – leaves that modification alone") {
  const HitImage image;
  const int64_t future = testing::NowNs() + 1000 * testing::kSecond;
  testing::SetTimes(image.path, testing::NowNs(), future);
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  sys::FileStat stat;
  CHECK_EQ(sys::Stat(image.fd(), &stat), 0);
  CHECK_EQ(ToNanoseconds(stat.modified), future);
}

TEST("a modification – in the past – stays") {
  const HitImage image;
  testing::SetTimes(image.path, 0, 5 * testing::kSecond);
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  sys::FileStat stat;
  CHECK_EQ(sys::Stat(image.fd(), &stat), 0);
  CHECK_EQ(stat.modified.tv_sec, 5);
}

TEST("an access – cannot be written – does not undo the hit") {
  const HitImage image;
  const Faults faults(testing::Refuse("utimensat", EROFS));
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(image.hits(), "1");
}

TEST("a hit – writable image of another owner – reads a byte to move the access") {
  const HitImage image;
  int reads = 0;
  const Faults faults([&](std::string_view call) {
    if (call == "pread64") reads++;
    return call == "utimensat" ? EPERM : 0;
  });
  CHECK_EQ(RecordHit(image.fd(), 0ns).value().outcome, HitOutcome::kCounted);
  CHECK_EQ(reads, 1);
}

TEST("a hit – another user – is counted if it may write the image, else not") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  const HitImage image;
  const auto outcome_is = [&](HitOutcome wanted) {
    return testing::RunAsStranger([&] {
      const auto open = OpenImageFile(image.cache.directory(), "a", Waiting::kAllowed);
      if (!open.ok()) return false;
      const auto hit = RecordHit(open.value().fd.get(), 0ns);
      return hit.ok() && hit.value().outcome == wanted;
    });
  };
  CHECK(outcome_is(HitOutcome::kNotWritten));
  CHECK_EQ(image.hits(), "0");
  ::chmod(image.path.c_str(), 0666);
  CHECK(outcome_is(HitOutcome::kCounted));
  CHECK_EQ(image.hits(), "1");
}

}  // namespace
}  // namespace xattr_cache
