#include "posix/syscalls.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "cache_fixture.h"
#include "faults.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;
using testing::OpenFile;

TEST("a call – interrupted before it did anything – is made again") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  const OpenFile file(cache.Path("a"), O_RDWR);
  char byte = 0;
  sys::FileStat stat;
  int calls = 0;
  const Faults faults([&](std::string_view) { return ++calls % 3 != 0 ? EINTR : 0; });
  CHECK_EQ(sys::ReadAt(file.fd(), &byte, 1, 0), 1);
  CHECK_EQ(sys::WriteAt(file.fd(), "B", 1, 0), 1);
  CHECK_EQ(sys::Stat(file.fd(), &stat), 0);
  CHECK_EQ(sys::LockExclusive(file.fd()), 0);
  CHECK_EQ(sys::Unlock(file.fd()), 0);
  CHECK_EQ(sys::GetAttribute(file.fd(), "user.hits", &byte, 1), 1);
  CHECK_EQ(calls, 18);
}

TEST("a call – interrupted, may have done its work – is not made again") {
  const Cache cache;
  const Faults faults([](std::string_view) { return EINTR; });
  CHECK_EQ(sys::UnlinkAt(cache.directory().base(), "a"), -1);
  CHECK_EQ(errno, EINTR);
  CHECK_EQ(sys::RenameAt(cache.directory().base(), "a", cache.directory().base(), "b"), -1);
  CHECK_EQ(errno, EINTR);
  CHECK_EQ(sys::MakeDirectoryAt(cache.directory().base(), "a", 0755), -1);
  CHECK_EQ(errno, EINTR);
}

TEST("a stat – any file – agrees with stat(2)") {
  const Cache cache;
  cache.AddImage("a", "bytes", 100);
  const struct stat expected = testing::StatOf(cache.Path("a"));
  const OpenFile file(cache.Path("a"));
  sys::FileStat by_fd;
  sys::FileStat by_name;
  CHECK_EQ(sys::Stat(file.fd(), &by_fd), 0);
  CHECK_EQ(sys::StatAt(cache.directory().base(), "a", &by_name), 0);
  for (const sys::FileStat& stat : {by_fd, by_name}) {
    CHECK_EQ(stat.size, 5);
    CHECK_EQ(stat.blocks, expected.st_blocks);
    CHECK_EQ(stat.inode, expected.st_ino);
    CHECK_EQ(stat.mode, expected.st_mode);
    CHECK_EQ(stat.links, 1);
    CHECK_EQ(stat.accessed.tv_nsec, expected.st_atim.tv_nsec);
    CHECK_EQ(stat.modified.tv_sec, expected.st_mtim.tv_sec);
    CHECK(stat.regular() && !stat.directory());
  }
  CHECK(by_fd.SameFileAs(by_name));
  sys::FileStat other;
  CHECK_EQ(sys::StatAt(cache.directory().base(), "queue", &other), 0);
  CHECK(other.directory() && !other.SameFileAs(by_fd));
}

TEST("a stat – link – is of the link, not its target") {
  const Cache cache;
  CHECK_EQ(::symlink("queue", cache.Path("link").c_str()), 0);
  sys::FileStat stat;
  CHECK_EQ(sys::StatAt(cache.directory().base(), "link", &stat), 0);
  CHECK(!stat.directory() && !stat.regular());
  CHECK_EQ(sys::StatEntryAt(cache.directory().base(), "link", &stat), 0);
  CHECK(!stat.directory() && !stat.regular());
}

TEST("a nameless file – linked – gets its name, and takes no other's") {
  const Cache cache;
  const int base = cache.directory().base();
  const OpenFile file(cache.path(), O_TMPFILE | O_RDWR);
  if (file.fd() < 0) return testing::Skip("no nameless files here");
  CHECK_EQ(sys::LinkFile(file.fd(), base, "a"), 0);
  CHECK_EQ(sys::LinkFile(file.fd(), base, "a"), -1);
  CHECK_EQ(errno, EEXIST);
}

TEST("the clocks – of this machine – run, and its uptime is plausible") {
  CHECK(sys::Now().tv_sec > 1'600'000'000);
  CHECK(sys::SinceBoot().tv_sec > 0);
  CHECK(sys::SinceBoot().tv_sec < sys::Now().tv_sec);
}

TEST("an attribute by name – in a directory – is read unopened, on a new kernel") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  char value[8];
  const ssize_t size = sys::GetAttributeAt(cache.directory().base(), "a", "user.hits", value, sizeof(value));
  if (size < 0) {
    CHECK(errno == ENOSYS || errno == EPERM);
    return;
  }
  CHECK_EQ(std::string(value, static_cast<size_t>(size)), "0");
}

}  // namespace
}  // namespace xattr_cache
