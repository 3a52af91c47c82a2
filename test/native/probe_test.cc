#include "core/probe.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "cache_fixture.h"
#include "faults.h"
#include "harness.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;

constexpr char kEmptyCache[] = "incomplete invalid queue";

// Where the clock of checkpoints lies.
constexpr char kWithCorner[] = ".xattr-cache incomplete invalid queue";

bool NothingIsLeft(const Cache& cache) {
  const std::string names = testing::Names(cache.path());
  return (names == kEmptyCache || names == kWithCorner) && testing::Names(cache.Path("incomplete")).empty() &&
         testing::Names(cache.Path("invalid")).empty() && testing::Names(cache.Path("queue")).empty();
}

Result<Findings> ProbeWith(const Cache& cache, Faults::Answer answer) {
  const Faults faults(std::move(answer));
  return ProbeDirectory(cache.shared());
}

TEST("a probe – any directory – finds the capabilities, and leaves nothing behind") {
  const Cache cache;
  const auto found = ProbeDirectory(cache.shared());
  CHECK_OK(found);
  CHECK(found.value().locks);
  CHECK(found.value().time_resolution_ms > 0);
  CHECK(NothingIsLeft(cache));
}

TEST("glance B22: a probe – fails – leaves nothing, and returns the step that failed") {
  for (const char* call : {"fsetxattr", "pwrite64", "renameat"}) {
    const Cache cache;
    CHECK_FAILS(ProbeWith(cache, testing::Refuse(call, EOPNOTSUPP)), EOPNOTSUPP);
    CHECK(NothingIsLeft(cache));
  }
  for (const char* call : {"openat", "getrandom", "statx"}) {
    const Cache cache;
    CHECK_FAILS(ProbeWith(cache, testing::Refuse(call, EACCES)), EACCES);
    CHECK(NothingIsLeft(cache));
  }
}

TEST("a probe – cached images – leaves them alone") {
  const Cache cache;
  cache.AddImage("a", "bytes", 100);
  const int64_t accessed = testing::AccessedNs(cache.Path("a"));
  CHECK_OK(ProbeDirectory(cache.shared()));
  CHECK_EQ(testing::AccessedNs(cache.Path("a")), accessed);
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "bytes");
}

TEST("a probe – no nameless files – finds that out") {
  const Cache cache;
  const auto found = ProbeWith(cache, testing::Refuse("linkat", EPERM));
  CHECK_OK(found);
  CHECK(!found.value().nameless_files);
  CHECK(found.value().locks);
  CHECK(NothingIsLeft(cache));
}

TEST("a probe – no locks – finds that out, and succeeds") {
  for (const int code : {ENOLCK, EOPNOTSUPP, ENOSYS}) {
    const Cache cache;
    const auto found = ProbeWith(cache, testing::Refuse("flock", code));
    CHECK_OK(found);
    CHECK(!found.value().locks);
    CHECK(NothingIsLeft(cache));
  }
}

// As on a network file system whose server knows nothing of them: each lock is granted, and gone immediately.
TEST("a probe – locks that do not lock – finds that out") {
  const Cache cache;
  const auto found = ProbeWith(cache, [](std::string_view) {
    for (int fd = 3; fd < 64; fd++) ::flock(fd, LOCK_UN);
    return 0;
  });
  CHECK_OK(found);
  CHECK(!found.value().locks);
  CHECK(NothingIsLeft(cache));
}

TEST("a probe – no descriptors left – does not call working locks broken") {
  for (int call = 1; call < 30; call++) {
    const Cache cache;
    const auto found = ProbeWith(cache, testing::RefuseNth("openat", call, EMFILE));
    CHECK(!found.ok() || found.value().locks);
    CHECK(NothingIsLeft(cache));
  }
}

TEST("a probe – no non-blocking reads – finds that out, and succeeds") {
  const Cache cache;
  const auto found = ProbeWith(cache, [](std::string_view call) {
    return call == "openat2" || call == "preadv2" ? ENOSYS : call == "ioctl" ? EOPNOTSUPP : 0;
  });
  CHECK_OK(found);
  CHECK(!found.value().cached_open);
  CHECK(!found.value().nowait_read);
  CHECK(!found.value().reflink);
}

TEST("a probe – access time cannot be set – finds no resolution") {
  const Cache cache;
  const auto found = ProbeWith(cache, testing::Refuse("utimensat", EPERM));
  CHECK_OK(found);
  CHECK_EQ(found.value().time_resolution_ms, 0.0);
}

TEST("a probe – a hit cannot be counted – fails") {
  const Cache cache;
  CHECK_FAILS(ProbeWith(cache, testing::Refuse("fgetxattr", EACCES)), EACCES);
  CHECK(NothingIsLeft(cache));
}

TEST("a probe – no images – assumes that images may be written") {
  const Cache cache;
  CHECK(MayWriteImages(cache.directory()).value());
  testing::WriteFile(cache.Path(".hidden"), "");
  CHECK(MayWriteImages(cache.directory()).value());
}

TEST("a probe – none of the first few images writable – finds them not writable") {
  const Cache cache;
  for (int i = 0; i < 20; i++) cache.AddImage("image-" + std::to_string(i), "bytes");
  CHECK(MayWriteImages(cache.directory()).value());
  {
    const Faults faults(testing::RefuseNth("faccessat2", 1, EACCES));
    CHECK(MayWriteImages(cache.directory()).value());
  }
  int asked = 0;
  const Faults faults([&](std::string_view call) { return call == "faccessat2" ? asked++, EACCES : 0; });
  CHECK(!MayWriteImages(cache.directory()).value());
  CHECK(asked <= 20);
}

TEST("a probe – directory cannot be read – returns the reason") {
  const Cache cache;
  for (const char* call : {"openat", "getdents64"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(MayWriteImages(cache.directory()), EIO);
  }
}

TEST("a probe – no permission to write – returns the reason") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  const Cache cache;
  cache.AddImage("a", "bytes");
  CHECK(testing::RunAsStranger([&] { return ProbeDirectory(cache.shared()).failed_with(EACCES); }));
  CHECK(testing::RunAsStranger([&] { return !MayWriteImages(cache.directory()).value(); }));
}

}  // namespace
}  // namespace xattr_cache
