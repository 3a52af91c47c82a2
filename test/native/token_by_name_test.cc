// Tokens where the file system has no nameless files, or no way to name them.

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "cache_fixture.h"
#include "core/token.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;

// The nameless file, which cannot be linked, is marked, locked and unlocked before.
constexpr int kMarkByName = 2;
constexpr int kLockByName = 3;

const WriterMark kMark{".d-0123456789abcdef", "89abcdef"};

Faults::Answer NoNamelessFiles() {
  return testing::RefuseNth("openat", 1, EOPNOTSUPP);
}
Faults::Answer NoLinks() {
  return testing::Refuse("linkat", EPERM);
}

// Both refusals, and those of a test.
Faults::Answer WithoutLinks(Faults::Answer more) {
  return [more = std::move(more)](std::string_view call) { return call == "linkat" ? EPERM : more(call); };
}

TEST("a token by name – no nameless files – is marked and locked all the same") {
  for (const auto& refusal : {NoNamelessFiles, NoLinks}) {
    const Cache cache;
    const auto token = [&] {
      const Faults faults(refusal());
      return Token::Create(cache.directory(), "a", kMark, {});
    }();
    CHECK_OK(token);
    CHECK_EQ(testing::Names(cache.Path("incomplete")), "a");
    CHECK_EQ(testing::Attribute(cache.Path("incomplete/a"), kWriterAttribute), kMark.Format());
    CHECK(testing::IsFlocked(cache.Path("incomplete/a")));
    CHECK_EQ(FindHolder(cache.directory(), "a", {}).value(), Holder::kLiveWriter);
  }
}

TEST("a nameless token – linkat refuses its descriptor – is named through /proc") {
  const Cache cache;
  const Faults faults(testing::RefuseNth("linkat", 1, ENOENT));
  CHECK_OK(Token::Create(cache.directory(), "a", kMark, {}));
}

TEST("a token by name – second one – is refused, and the first untouched") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  const std::string before = testing::Names(cache.Path("incomplete"));
  const Faults faults(NoLinks());
  CHECK_FAILS(Token::Create(cache.directory(), "a", kMark, {}), EEXIST);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), before);
}

TEST("a token by name – made – is locked before it is marked") {
  const Cache cache;
  bool locked = false;
  const Faults faults(WithoutLinks(testing::Before("fsetxattr", kMarkByName, [&] {
    locked = testing::IsFlocked(cache.Path("incomplete/a"));
    return 0;
  })));
  CHECK_OK(Token::Create(cache.directory(), "a", kMark, {}));
  CHECK(locked);
}

TEST("a token by name – cannot be locked or marked – is removed again") {
  const Cache cache;
  {
    const Faults faults(WithoutLinks(testing::RefuseNth("fsetxattr", kMarkByName, ENOSPC)));
    CHECK_FAILS(Token::Create(cache.directory(), "a", kMark, {}), ENOSPC);
  }
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  {
    const Faults faults(WithoutLinks(testing::RefuseNth("flock", kLockByName, ENOLCK)));
    CHECK_FAILS(Token::Create(cache.directory(), "a", kMark, {}), ENOLCK);
  }
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a token by name – reaped before it is locked – is tried again") {
  const Cache cache;
  const Faults faults(WithoutLinks(testing::Before("flock", kLockByName, [&] {
    ::unlink(cache.Path("incomplete/a").c_str());
    return 0;
  })));
  CHECK_FAILS(Token::Create(cache.directory(), "a", kMark, {}), EWOULDBLOCK);
}

TEST("a token by name – examined when it takes its lock – is tried again") {
  const Cache cache;
  std::optional<testing::OpenFile> prober;
  const Faults faults(WithoutLinks(testing::Before("flock", kLockByName, [&] {
    prober.emplace(cache.Path("incomplete/a"));
    return prober->TryFlock() ? 0 : EIO;
  })));
  CHECK_FAILS(Token::Create(cache.directory(), "a", kMark, {}), EWOULDBLOCK);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a token by name – replaced before it is marked – leaves the other's") {
  const Cache cache;
  const Faults faults(WithoutLinks(testing::Before("fsetxattr", kMarkByName, [&] {
    ::unlink(cache.Path("incomplete/a").c_str());
    testing::WriteFile(cache.Path("incomplete/a"), "another's");
    return ENOSPC;
  })));
  CHECK_FAILS(Token::Create(cache.directory(), "a", kMark, {}), ENOSPC);
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "another's");
}

TEST("a token – cannot be made in any way – fails with the reason") {
  const Cache cache;
  const Faults faults(testing::Refuse("openat", EMFILE));
  CHECK_FAILS(Token::Create(cache.directory(), "a", kMark, {}), EMFILE);
}

}  // namespace
}  // namespace xattr_cache
