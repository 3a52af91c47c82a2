#include "posix/directory_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>

#include "faults.h"
#include "files.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Faults;
using testing::OpenFile;
using testing::TemporaryDirectory;

// All that is left of a walk; "(failed)" if it fails.
std::multiset<std::string> Rest(DirectoryWalk& walk) {
  std::multiset<std::string> names;
  while (true) {
    const auto entry = walk.Next();
    if (!entry.ok()) return {"(failed)"};
    if (!entry.value().has_value()) return names;
    names.emplace(entry.value()->view());
  }
}

TEST("a walk – any directory – finds every name once, without . and ..") {
  const TemporaryDirectory directory;
  std::multiset<std::string> names;
  // More than one buffer of entries, with names of all lengths.
  for (size_t i = 1; i <= 1500; i++) {
    const std::string number = std::to_string(i);
    names.insert(std::string(1 + i % (NAME_MAX - number.size()), i % 2 == 0 ? '.' : 'x') + number);
  }
  for (const std::string& name : names) testing::WriteFile(directory.path() + '/' + name, "");
  const OpenFile open(directory.path(), O_DIRECTORY);
  auto walk = DirectoryWalk::Open(open.fd());
  CHECK_OK(walk);
  CHECK(Rest(walk.value()) == names);
  CHECK(!walk.value().Next().value().has_value());  // At the end it stays there.
}

TEST("two walks – of one directory – do not disturb each other") {
  const TemporaryDirectory directory;
  for (const char* name : {"a", "b", "c"}) testing::WriteFile(directory.path() + '/' + name, "");
  const OpenFile open(directory.path(), O_DIRECTORY);
  auto first = DirectoryWalk::Open(open.fd());
  CHECK_OK(first);
  CHECK(first.value().Next().value().has_value());
  auto second = DirectoryWalk::Open(open.fd());
  CHECK_EQ(Rest(second.value()).size(), 3);
  CHECK_EQ(Rest(first.value()).size(), 2);
}

TEST("a shared pass – two walkers – finds every name once between them") {
  const TemporaryDirectory directory;
  std::multiset<std::string> names;
  for (size_t i = 0; i < 10'000; i++) names.insert("some-name-" + std::to_string(i));
  for (const std::string& name : names) testing::WriteFile(directory.path() + '/' + name, "");
  const OpenFile open(directory.path(), O_DIRECTORY);
  auto walk = DirectoryWalk::Open(open.fd());
  std::multiset<std::string> found[DirectoryWalk::kParts];
  CHECK_OK(walk.value().Share([&](DirectoryWalk& own, size_t part) -> Status {
    found[part] = Rest(own);
    return Done{};
  }));
  found[0].insert(found[1].begin(), found[1].end());
  CHECK(found[0] == names);
}

TEST("a twin – of a walk that has begun – shares the rest with it") {
  const TemporaryDirectory directory;
  for (size_t i = 0; i < 5'000; i++) testing::WriteFile(directory.path() + "/some-name-" + std::to_string(i), "");
  const OpenFile open(directory.path(), O_DIRECTORY);
  auto walk = DirectoryWalk::Open(open.fd());
  std::multiset<std::string> names{std::string(walk.value().Next().value()->view())};
  DirectoryWalk twin = walk.value().Twin();
  const std::multiset<std::string> of_twin = Rest(twin);
  const std::multiset<std::string> rest = Rest(walk.value());
  CHECK(!of_twin.empty() && !rest.empty());
  names.insert(of_twin.begin(), of_twin.end());
  names.insert(rest.begin(), rest.end());
  CHECK_EQ(names.size(), 5'000);
  CHECK_EQ((std::set<std::string>(names.begin(), names.end()).size()), 5'000);
}

TEST("a shared pass – either walker fails – fails with that error") {
  const TemporaryDirectory directory;
  for (size_t i = 0; i < 5'000; i++) testing::WriteFile(directory.path() + "/some-name-" + std::to_string(i), "");
  const OpenFile open(directory.path(), O_DIRECTORY);
  for (size_t failing = 0; failing < DirectoryWalk::kParts; failing++) {
    auto walk = DirectoryWalk::Open(open.fd());
    bool both = false;
    const Status shared = walk.value().Share([&](DirectoryWalk& own, size_t part) -> Status {
      if (part == 1) both = true;
      if (part == failing) return SysError{EIO, "statx"};
      (void)Rest(own);
      return Done{};
    });
    CHECK_EQ(both, std::thread::hardware_concurrency() > 1);
    if (failing == 0 || both) CHECK_FAILS(shared, EIO);
  }
}

TEST("a walk – entries of all kinds – says which can be a regular file") {
  CHECK((DirectoryEntry{"a", DT_REG}).MaybeRegular());
  CHECK((DirectoryEntry{"a", DT_UNKNOWN}).MaybeRegular());
  for (const uint8_t type : {DT_DIR, DT_LNK, DT_FIFO, DT_SOCK, DT_CHR, DT_BLK}) {
    CHECK(!(DirectoryEntry{"a", type}).MaybeRegular());
  }
}

TEST("a walk – directory removed meanwhile – has no more entries") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/gone";
  CHECK_EQ(::mkdir(path.c_str(), 0755), 0);
  const OpenFile open(path, O_DIRECTORY);
  auto walk = DirectoryWalk::Open(open.fd());
  CHECK_EQ(::rmdir(path.c_str()), 0);
  CHECK(!walk.value().Next().value().has_value());
}

TEST("a walk – directory cannot be opened or read – returns the reason") {
  const TemporaryDirectory directory;
  const OpenFile open(directory.path(), O_DIRECTORY);
  auto walk = DirectoryWalk::Open(open.fd());
  const Faults faults([](std::string_view) { return EIO; });
  CHECK_FAILS(DirectoryWalk::Open(open.fd()), EIO);
  CHECK_FAILS(walk.value().Next(), EIO);
}

}  // namespace
}  // namespace xattr_cache
