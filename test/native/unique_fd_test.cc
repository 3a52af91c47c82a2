#include "posix/unique_fd.h"

#include <fcntl.h>

#include <utility>

#include "harness.h"

namespace xattr_cache {
namespace {

bool IsOpen(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}
int OpenSomething() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST("a descriptor – owner destroyed – is closed, once") {
  int fd = -1;
  {
    UniqueFd owner(OpenSomething());
    fd = owner.get();
    CHECK(owner.valid());
    CHECK(IsOpen(fd));
    const UniqueFd next(std::move(owner));
    CHECK_EQ(next.get(), fd);
    CHECK(!owner.valid());
    owner.Reset();
    CHECK(IsOpen(fd));
  }
  CHECK(!IsOpen(fd));
}

TEST("a descriptor – reset – is closed immediately") {
  UniqueFd owner(OpenSomething());
  const int fd = owner.get();
  owner.Reset();
  CHECK(!IsOpen(fd));
  CHECK(!owner.valid());
  CHECK(!UniqueFd().valid());
}

TEST("an owner – assigned – closes its old descriptor, and keeps the new one") {
  UniqueFd owner(OpenSomething());
  const int old = owner.get();
  UniqueFd given(::fcntl(old, F_DUPFD_CLOEXEC, old + 10));
  const int kept = given.get();
  owner = UniqueFd(std::move(given));
  CHECK_EQ(owner.get(), kept);
  CHECK(!IsOpen(old));
  CHECK(IsOpen(kept));
}

}  // namespace
}  // namespace xattr_cache
