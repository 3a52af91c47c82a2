#include "core/cache_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "cache_fixture.h"
#include "faults.h"
#include "harness.h"
#include "posix/file_lock.h"
#include "posix/file_times.h"
#include "posix/named_file.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;

TEST("a cache directory – complete – is opened with its parts") {
  const Cache cache;
  const auto directory = CacheDirectory::Open(cache.path().c_str());
  CHECK_OK(directory);
  const auto inode_of = [](int fd) {
    struct stat stat{};
    ::fstat(fd, &stat);
    return stat.st_ino;
  };
  CHECK_EQ(inode_of(directory.value().base()), testing::StatOf(cache.path()).st_ino);
  CHECK_EQ(inode_of(directory.value().incomplete()), testing::StatOf(cache.Path("incomplete")).st_ino);
  CHECK_EQ(inode_of(directory.value().invalid()), testing::StatOf(cache.Path("invalid")).st_ino);
  CHECK_EQ(inode_of(directory.value().queue()), testing::StatOf(cache.Path("queue")).st_ino);
  for (const int fd : {directory.value().base(), directory.value().incomplete(), directory.value().invalid(),
                       directory.value().queue()}) {
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST("a cache directory – a part is missing or a link – is not opened") {
  const Cache cache;
  CHECK_FAILS(CacheDirectory::Open((cache.path() + "/nowhere").c_str()), ENOENT);
  CHECK_FAILS(CacheDirectory::Open(""), ENOENT);
  CHECK_EQ(::rename(cache.Path("queue").c_str(), cache.Path("elsewhere").c_str()), 0);
  CHECK_FAILS(CacheDirectory::Open(cache.path().c_str()), ENOENT);
  CHECK_EQ(::symlink("elsewhere", cache.Path("queue").c_str()), 0);
  const auto through_link = CacheDirectory::Open(cache.path().c_str());
  CHECK(through_link.failed_with(ENOTDIR) || through_link.failed_with(ELOOP));
  CHECK_EQ(::unlink(cache.Path("queue").c_str()), 0);
  testing::WriteFile(cache.Path("queue"), "");
  CHECK_FAILS(CacheDirectory::Open(cache.path().c_str()), ENOTDIR);
}

TEST("a cache directory – its path is changed after the open – stays the opened one") {
  const Cache cache;
  const auto directory = CacheDirectory::Open(cache.path().c_str());
  CHECK_OK(directory);
  const std::string moved = cache.path() + "-moved";
  CHECK_EQ(::rename(cache.path().c_str(), moved.c_str()), 0);
  testing::WriteFile(moved + "/a", "bytes");
  const int fd = sys::OpenAt(directory.value().base(), "a", O_RDONLY);
  CHECK(fd >= 0);
  ::close(fd);
  CHECK_EQ(::rename(moved.c_str(), cache.path().c_str()), 0);
}

TEST("a cache directory – its parts are in place – needs no renewal") {
  const Cache cache;
  const auto renewed = cache.directory().Renew();
  CHECK_OK(renewed);
  CHECK(!renewed.value().has_value());
}

TEST("a cache directory – a part was removed or exchanged – is renewed") {
  for (const char* part : {"incomplete", "invalid", "queue"}) {
    for (const bool exchanged : {false, true}) {
      const Cache cache;
      CHECK_EQ(::rmdir(cache.Path(part).c_str()), 0);
      if (exchanged) CHECK_EQ(::mkdir(cache.Path(part).c_str(), 0755), 0);
      const auto renewed = cache.directory().Renew();
      CHECK_OK(renewed);
      CHECK(renewed.value().has_value());
      const CacheDirectory& directory = *renewed.value();
      CHECK(IsStill(directory.base(), "incomplete", directory.incomplete()));
      CHECK(IsStill(directory.base(), "invalid", directory.invalid()));
      CHECK(IsStill(directory.base(), "queue", directory.queue()));
    }
  }
}

TEST("a cache directory – moved, then without a part – is renewed where it is now") {
  const Cache cache;
  const std::string moved = cache.path() + "-moved";
  CHECK_EQ(::rename(cache.path().c_str(), moved.c_str()), 0);
  CHECK_EQ(::rmdir((moved + "/queue").c_str()), 0);
  CHECK_OK(cache.directory().Renew());
  CHECK(testing::Exists(moved + "/queue"));
  CHECK(!testing::Exists(cache.path()));
  CHECK_EQ(::rename(moved.c_str(), cache.path().c_str()), 0);
}

TEST("a cache directory – a part cannot be made again – returns reason and name") {
  const Cache cache;
  CHECK_EQ(::rmdir(cache.Path("invalid").c_str()), 0);
  {
    const Faults faults(testing::RefuseNth("mkdirat", 2, EROFS));
    const auto renewed = cache.directory().Renew();
    CHECK_FAILS(renewed, EROFS);
    CHECK_EQ(*renewed.error().file, "invalid");
  }
  for (const int nth : {1, 2, 5}) {  // itself, a part, the boot id
    const Faults faults(testing::RefuseNth("openat", nth, EMFILE));
    CHECK_FAILS(cache.directory().Renew(), EMFILE);
  }
  CHECK_EQ(::rmdir(cache.Path("queue").c_str()), 0);
  CHECK_EQ(::symlink("elsewhere", cache.Path("queue").c_str()), 0);
  CHECK(!cache.directory().Renew().ok());
}

TEST("the boot – of this machine – is known by 8 digits and the time it began") {
  const Cache cache;
  const Boot& boot = cache.directory().boot();
  CHECK_EQ(boot.id, testing::ReadFile("/proc/sys/kernel/random/boot_id").value_or("").substr(0, 8));
  CHECK(boot.started_ns > 0 && boot.started_ns < testing::NowNs());
}

TEST("a cache directory – unknown boot – is not opened") {
  const Cache cache;
  {
    const Faults faults(testing::Refuse("pread64", EIO));
    CHECK_FAILS(CacheDirectory::Open(cache.path().c_str()), EIO);
  }
  const Faults faults(testing::RefuseNth("openat", 5, EACCES));
  CHECK_FAILS(CacheDirectory::Open(cache.path().c_str()), EACCES);
}

mode_t LockModeIn(mode_t directory_mode, mode_t mask) {
  const Cache cache;
  ::chmod(cache.path().c_str(), directory_mode);
  ::umask(mask);
  const auto lock = cache.directory().OpenPruneLock();
  ::umask(022);
  return lock.ok() ? testing::StatOf(cache.Path(".xattr-cache/lock")).st_mode & 07777 : 0;
}

TEST("the pruners' lock – created – is for owner and group, as the directory is") {
  CHECK_EQ(LockModeIn(0700, 022), 0600);
  CHECK_EQ(LockModeIn(0755, 022), 0640);
  CHECK_EQ(LockModeIn(0775, 002), 0660);
  CHECK_EQ(LockModeIn(0777, 0), 0660);
}

TEST("the pruners' lock – any umask – is open to the directory's group") {
  CHECK_EQ(LockModeIn(0775, 022), 0660);
  CHECK_EQ(LockModeIn(0775, 077), 0660);
}

TEST("the pruners' lock – opened again, or read-only – is the same file") {
  const Cache cache;
  CHECK_OK(cache.directory().OpenPruneLock());
  const ino_t inode = testing::StatOf(cache.Path(".xattr-cache/lock")).st_ino;
  CHECK_OK(cache.directory().OpenPruneLock());
  CHECK_EQ(testing::StatOf(cache.Path(".xattr-cache/lock")).st_ino, inode);
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  ::chmod(cache.Path(".xattr-cache/lock").c_str(), 0644);
  CHECK(testing::RunAsStranger([&] { return cache.directory().OpenPruneLock().ok(); }));
  ::chmod(cache.Path(".xattr-cache/lock").c_str(), 0600);
  CHECK(testing::RunAsStranger([&] { return cache.directory().OpenPruneLock().failed_with(EACCES); }));
}

TEST("the pruners' lock – its mode cannot be set – is a lock all the same") {
  const Cache cache;
  const Faults faults(testing::Refuse("fchmod", EPERM));
  CHECK_OK(cache.directory().OpenPruneLock());
}

TEST("the pruners' lock – a link on its path – is not followed") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path("elsewhere").c_str(), 0755), 0);
  CHECK_EQ(::symlink("elsewhere", cache.Path(".xattr-cache").c_str()), 0);
  CHECK(!cache.directory().OpenPruneLock().ok());
  CHECK_EQ(::unlink(cache.Path(".xattr-cache").c_str()), 0);
  CHECK_EQ(::mkdir(cache.Path(".xattr-cache").c_str(), 0755), 0);
  CHECK_EQ(::symlink("../victim", cache.Path(".xattr-cache/lock").c_str()), 0);
  CHECK_FAILS(cache.directory().OpenPruneLock(), ELOOP);
  CHECK(!testing::Exists(cache.Path("victim")));
  testing::WriteFile(cache.Path("victim"), "");
  CHECK_FAILS(cache.directory().OpenPruneLock(), ELOOP);
}

TEST("the pruners' lock – cannot be made – returns the reason") {
  const Cache cache;
  {
    const Faults faults(testing::Refuse("mkdirat", EROFS));
    CHECK_FAILS(cache.directory().OpenPruneLock(), EROFS);
  }
  {
    const Faults faults(testing::Refuse("statx", EIO));
    CHECK_FAILS(cache.directory().OpenPruneLock(), EIO);
  }
  const Faults faults(testing::RefuseNth("openat", 3, EIO));
  CHECK_FAILS(cache.directory().OpenPruneLock(), EIO);
}

TEST("the pruners' lock – full disk – is the directory, and still excludes") {
  for (const int full : {ENOSPC, EDQUOT}) {
    // In a corner that is there, the third to be opened is the one that makes the lock file.
    for (const auto& [call, nth] : {std::pair{"mkdirat", 1}, std::pair{"openat", 3}}) {
      const Cache cache;
      if (nth == 3) CHECK_EQ(::mkdir(cache.Path(".xattr-cache").c_str(), 0755), 0);
      const auto open = [&] {
        const Faults faults(testing::RefuseNth(call, nth, full));
        return cache.directory().OpenPruneLock();
      };
      const auto first = open();
      const auto second = open();
      CHECK_OK(first);
      CHECK_OK(second);
      CHECK(!testing::Exists(cache.Path(".xattr-cache/lock")));
      const auto lock = FileLock::TryAcquire(first.value().get());
      CHECK_OK(lock);
      CHECK_FAILS(FileLock::TryAcquire(second.value().get()), EWOULDBLOCK);
    }
  }
}

TEST("the pruners' lock – a fifo in its place – blocks no pruner, nor a read-only one") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path(".xattr-cache").c_str(), 0755), 0);
  CHECK_EQ(::mkfifo(cache.Path(".xattr-cache/lock").c_str(), 0644), 0);
  CHECK_OK(cache.directory().OpenPruneLock());
  CHECK(testing::RunAsStranger([&] { return cache.directory().OpenPruneLock().ok(); }));
}

}  // namespace
}  // namespace xattr_cache
