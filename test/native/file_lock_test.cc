#include "posix/file_lock.h"

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "faults.h"
#include "files.h"
#include "harness.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::IsFlocked;
using testing::OpenFile;

struct LockedFile {
  testing::TemporaryDirectory directory;
  std::string path = directory.path() + "/file";

  LockedFile() { testing::WriteFile(path, ""); }
};

TEST("a lock – held – excludes every other open of the file, until released") {
  const LockedFile file;
  const OpenFile first(file.path);
  const OpenFile second(file.path);
  {
    const auto lock = FileLock::TryAcquire(first.fd());
    CHECK_OK(lock);
    CHECK_FAILS(FileLock::TryAcquire(second.fd()), EWOULDBLOCK);
  }
  CHECK_OK(FileLock::TryAcquire(second.fd()));
}

TEST("a lock – held – excludes other processes") {
  const LockedFile file;
  const OpenFile first(file.path);
  const auto lock = FileLock::TryAcquire(first.fd());
  CHECK_OK(lock);
  testing::Worker other([&] {
    const OpenFile own(file.path);
    return FileLock::TryAcquire(own.fd()).failed_with(EWOULDBLOCK);
  });
  CHECK(other.Wait());
}

// Closing alone would not do: the child's copy of the descriptor keeps the lock.
TEST("a lock – with a forked child – is released explicitly, so the child keeps none") {
  const LockedFile file;
  const OpenFile open(file.path);
  auto lock = FileLock::TryAcquire(open.fd());
  CHECK_OK(lock);
  const testing::Child child([] {});
  CHECK(IsFlocked(file.path));
  lock.value().Release();
  CHECK(!IsFlocked(file.path));
  lock.value().Release();  // Once more does nothing.
}

TEST("a lock – moved – goes with its owner") {
  const LockedFile file;
  const OpenFile open(file.path);
  auto lock = FileLock::TryAcquire(open.fd());
  CHECK_OK(lock);
  {
    const FileLock moved(std::move(lock.value()));
    CHECK(IsFlocked(file.path));
  }
  CHECK(!IsFlocked(file.path));
}

TEST("a lock – assigned – keeps the new one") {
  const LockedFile file;
  const LockedFile other;
  const OpenFile open(file.path);
  const OpenFile other_open(other.path);
  auto kept = FileLock::TryAcquire(open.fd());
  CHECK_OK(kept);
  {
    auto given = FileLock::TryAcquire(other_open.fd());
    CHECK_OK(given);
    kept.value() = std::move(given.value());
  }
  CHECK(!IsFlocked(file.path));
  CHECK(IsFlocked(other.path));
}

TEST("a wait for a lock – never released – ends at its timeout") {
  const LockedFile file;
  const OpenFile holder(file.path);
  CHECK(holder.TryFlock());
  const OpenFile waiter(file.path);
  const auto start = Clock::now();
  CHECK_FAILS(FileLock::Acquire(waiter.fd(), 30ms), ETIMEDOUT);
  CHECK(Clock::now() - start >= 30ms);
  CHECK(Clock::now() - start < 5s);
}

TEST("a wait for a lock – timeout of 0 – tries once") {
  const LockedFile file;
  const OpenFile open(file.path);
  CHECK_OK(FileLock::Acquire(open.fd(), 0ms));
  const OpenFile holder(file.path);
  CHECK(holder.TryFlock());
  int tries = 0;
  const testing::Faults faults([&](std::string_view) { return tries++, 0; });
  CHECK_FAILS(FileLock::Acquire(open.fd(), 0ms), ETIMEDOUT);
  CHECK_EQ(tries, 1);
}

TEST("a wait for a lock – lock released meanwhile – gets the lock") {
  const LockedFile file;
  const OpenFile first(file.path);
  auto lock = FileLock::TryAcquire(first.fd());
  CHECK_OK(lock);
  std::thread holder([&] {
    std::this_thread::sleep_for(5ms);
    lock.value().Release();
  });
  const OpenFile second(file.path);
  const auto waited = FileLock::Acquire(second.fd(), 10s);
  holder.join();
  CHECK_OK(waited);
}

TEST("a wait for a lock – locks do not work – ends immediately") {
  const LockedFile file;
  const OpenFile open(file.path);
  const testing::Faults faults(testing::Refuse("flock", ENOLCK));
  CHECK_FAILS(FileLock::Acquire(open.fd(), 10s), ENOLCK);
}

// NFS answers EBADF when a descriptor that only reads asks for an exclusive lock.
TEST("a lock – needs a writable descriptor – opens the file once more") {
  const LockedFile file;
  const OpenFile open(file.path);
  auto lock = [&] {
    const testing::Faults faults(testing::RefuseNth("flock", 1, EBADF));
    return FileLock::TryAcquire(open.fd());
  }();
  CHECK_OK(lock);
  const FileLock moved(std::move(lock.value()));
  CHECK(!open.TryFlock());  // Another description holds it.
}

TEST("a lock – file opened once more – closes that with the lock") {
  const LockedFile file;
  const OpenFile open(file.path);
  {
    const testing::Faults faults(testing::RefuseNth("flock", 1, EBADF));
    CHECK_OK(FileLock::TryAcquire(open.fd()));
  }
  CHECK(!IsFlocked(file.path));
}

TEST("a lock – file may not be opened for writing – is not taken") {
  const LockedFile file;
  const OpenFile open(file.path);
  {
    const testing::Faults faults([](std::string_view call) { return call == "flock" ? EBADF : EACCES; });
    CHECK_FAILS(FileLock::TryAcquire(open.fd()), EACCES);
  }
  const testing::Faults faults(testing::Refuse("flock", EBADF));
  CHECK_FAILS(FileLock::TryAcquire(open.fd()), EBADF);
}

TEST("a look at a lock – held or free – is right, and takes no lock") {
  const LockedFile file;
  const OpenFile prober(file.path);
  CHECK_EQ(IsLocked(prober.fd()).value(), false);
  CHECK(!IsFlocked(file.path));
  const OpenFile holder(file.path);
  CHECK(holder.TryFlock());
  CHECK_EQ(IsLocked(prober.fd()).value(), true);
  const testing::Faults faults(testing::Refuse("flock", ENOLCK));
  CHECK_FAILS(IsLocked(prober.fd()), ENOLCK);
}

TEST("a lock – no locks supported – differs from a held lock, and from a failure") {
  for (const int code : {ENOLCK, EOPNOTSUPP, ENOSYS}) CHECK(LocksAreMissing({code, "flock"}));
  for (const int code : {EWOULDBLOCK, EIO, EMFILE, EACCES}) CHECK(!LocksAreMissing({code, "flock"}));
  CHECK(!LocksAreMissing({EOPNOTSUPP, "fsetxattr"}));
}

TEST("two looks at a lock – concurrent – do not take each other for the holder") {
  const LockedFile file;
  const OpenFile prober(file.path);
  const OpenFile other(file.path);
  std::optional<bool> seen;
  // The second looks while the first has its shared lock.
  const testing::Faults faults(testing::Before("flock", 2, [&] {
    seen = IsLocked(other.fd()).value();
    return 0;
  }));
  CHECK_EQ(IsLocked(prober.fd()).value(), false);
  CHECK_EQ(seen, false);
}

}  // namespace
}  // namespace xattr_cache
