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

bool NothingIsLeft(const Cache& cache) {
  return testing::Names(cache.path()) == kEmptyCache && testing::Names(cache.Path("incomplete")).empty() &&
         testing::Names(cache.Path("invalid")).empty() && testing::Names(cache.Path("queue")).empty();
}

Result<Findings> ProbeWith(const Cache& cache, Faults::Answer answer) {
  const Faults faults(std::move(answer));
  return ProbeDirectory(cache.shared());
}

TEST("a probe finds out what works here, and leaves nothing behind") {
  const Cache cache;
  const auto found = ProbeDirectory(cache.shared());
  CHECK_OK(found);
  CHECK(found.value().locks);
  CHECK(found.value().time_resolution_ms > 0);
  CHECK(NothingIsLeft(cache));
}

TEST("glance B22: a probe that fails leaves nothing behind, and says which step does not work") {
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

TEST("a probe does not disturb the images that are there") {
  const Cache cache;
  cache.AddImage("a", "bytes", 100);
  const int64_t accessed = testing::AccessedNs(cache.Path("a"));
  CHECK_OK(ProbeDirectory(cache.shared()));
  CHECK_EQ(testing::AccessedNs(cache.Path("a")), accessed);
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "bytes");
}

TEST("a file system without nameless files is found out") {
  const Cache cache;
  const auto found = ProbeWith(cache, testing::Refuse("linkat", EPERM));
  CHECK_OK(found);
  CHECK(!found.value().nameless_files);
  CHECK(found.value().locks);
  CHECK(NothingIsLeft(cache));
}

TEST("a file system without locks is found out, and good for caching all the same") {
  for (const int code : {ENOLCK, EOPNOTSUPP, ENOSYS}) {
    const Cache cache;
    const auto found = ProbeWith(cache, testing::Refuse("flock", code));
    CHECK_OK(found);
    CHECK(!found.value().locks);
    CHECK(NothingIsLeft(cache));
  }
}

// As on a network file system whose server knows nothing of them: each lock is granted, and gone at once.
TEST("locks that do not lock are found out") {
  const Cache cache;
  const auto found = ProbeWith(cache, [](std::string_view) {
    for (int fd = 3; fd < 64; fd++) ::flock(fd, LOCK_UN);
    return 0;
  });
  CHECK_OK(found);
  CHECK(!found.value().locks);
  CHECK(NothingIsLeft(cache));
}

TEST("a probe that runs out of descriptors does not take locks that work for broken ones") {
  for (int call = 1; call < 30; call++) {
    const Cache cache;
    const auto found = ProbeWith(cache, testing::RefuseNth("openat", call, EMFILE));
    CHECK(!found.ok() || found.value().locks);
    CHECK(NothingIsLeft(cache));
  }
}

TEST("what a kernel lacks for reading without waiting is found out, and is no failure") {
  const Cache cache;
  const auto found = ProbeWith(cache, [](std::string_view call) {
    return call == "openat2" || call == "preadv2" ? ENOSYS : call == "ioctl" ? EOPNOTSUPP : 0;
  });
  CHECK_OK(found);
  CHECK(!found.value().cached_open);
  CHECK(!found.value().nowait_read);
  CHECK(!found.value().reflink);
}

TEST("an access time that cannot be set has no resolution") {
  const Cache cache;
  const auto found = ProbeWith(cache, testing::Refuse("utimensat", EPERM));
  CHECK_OK(found);
  CHECK_EQ(found.value().time_resolution_ms, 0.0);
}

TEST("a hit that cannot be counted fails a probe") {
  const Cache cache;
  CHECK_FAILS(ProbeWith(cache, testing::Refuse("fgetxattr", EACCES)), EACCES);
  CHECK(NothingIsLeft(cache));
}

TEST("a cache without images may be written as far as anybody knows") {
  const Cache cache;
  CHECK(MayWriteImages(cache.directory()).value());
  testing::WriteFile(cache.Path(".hidden"), "");
  CHECK(MayWriteImages(cache.directory()).value());
}

TEST("images that none of the first few may be written may not be written") {
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

TEST("a directory that cannot be read says so when its images are looked for") {
  const Cache cache;
  for (const char* call : {"openat", "getdents64"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(MayWriteImages(cache.directory()), EIO);
  }
}

TEST("who may not write a directory is told so by the probe") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to be somebody else");
  const Cache cache;
  cache.AddImage("a", "bytes");
  CHECK(testing::RunAsStranger([&] { return ProbeDirectory(cache.shared()).failed_with(EACCES); }));
  CHECK(testing::RunAsStranger([&] { return !MayWriteImages(cache.directory()).value(); }));
}

}  // namespace
}  // namespace xattr_cache
