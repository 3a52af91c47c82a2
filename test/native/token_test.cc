#include "core/token.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "cache_fixture.h"
#include "core/image_writer.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Before;
using testing::ByAge;
using testing::Cache;
using testing::Faults;

const WriterMark kMark{".d-0123456789abcdef", "89abcdef"};

// The holder as FindHolder and RetireDeadWriter see it, if they agree.
std::optional<Holder> HolderOf(const Cache& cache, const StallRule& rule = {}) {
  const auto found = FindHolder(cache.directory(), "a", rule);
  const auto retired = RetireDeadWriter(cache.directory(), "a", rule);
  if (!found.ok() || !retired.ok() || found.value() != retired.value()) return std::nullopt;
  return found.value();
}

void MakeSocket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  CHECK_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(fd);
}

TEST("an image – no token – has no holder") {
  const Cache cache;
  CHECK_EQ(HolderOf(cache), Holder::kNobody);
}

TEST("a token – made – is empty, marked and locked from the moment it is visible") {
  const Cache cache;
  const auto token = Token::Create(cache.directory(), "a", kMark, {});
  CHECK_OK(token);
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "");
  CHECK_EQ(testing::Attribute(cache.Path("incomplete/a"), kWriterAttribute), kMark.Format());
  CHECK(testing::IsFlocked(cache.Path("incomplete/a")));
  CHECK_EQ(testing::StatOf(cache.Path("incomplete/a")).st_mode & 07777, 0600);
}

TEST("a token – made – opens for users that may write beside it alone") {
  const mode_t umask = ::umask(0);
  for (const bool by_name : {false, true}) {
    for (const auto& [directory, token] : {std::pair{0755, 0600}, {0775, 0660}, {0777, 0666}}) {
      const Cache cache;
      CHECK_EQ(::chmod(cache.Path("incomplete").c_str(), static_cast<mode_t>(directory)), 0);
      const Faults faults(testing::Refuse("linkat", by_name ? EPERM : 0));
      const auto created = Token::Create(cache.directory(), "a", kMark, {});
      CHECK_OK(created);
      CHECK_EQ(testing::StatOf(cache.Path("incomplete/a")).st_mode & 07777, static_cast<mode_t>(token));
    }
  }
  ::umask(umask);
}

TEST("a token – second one – is refused") {
  const Cache cache;
  const auto token = Token::Create(cache.directory(), "a", kMark, {});
  CHECK_OK(token);
  CHECK_FAILS(Token::Create(cache.directory(), "a", kMark, {}), EEXIST);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "a");
}

TEST("a token – removed – leaves neither itself nor a lock") {
  const Cache cache;
  auto token = Token::Create(cache.directory(), "a", kMark, {});
  CHECK_OK(token);
  token.value().Remove(cache.directory(), "a");
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a token – with a forked child – is unlocked explicitly, so the child keeps none") {
  const Cache cache;
  auto token = Token::Create(cache.directory(), "a", kMark, {});
  CHECK_OK(token);
  CHECK_EQ(::link(cache.Path("incomplete/a").c_str(), cache.Path("incomplete/b").c_str()), 0);
  const testing::Child child([] {});
  token.value().Remove(cache.directory(), "a");
  CHECK(!testing::IsFlocked(cache.Path("incomplete/b")));
}

TEST("a token – foreign writer put bytes into it – is that writer's, without our mark") {
  const Cache cache;
  auto token = Token::Create(cache.directory(), "a", kMark, {});
  CHECK_OK(token);
  testing::WriteFile(cache.Path("incomplete/a"), "its bytes");
  token.value().Remove(cache.directory(), "a");
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "its bytes");
  CHECK(!testing::Attribute(cache.Path("incomplete/a"), kWriterAttribute).has_value());
  CHECK_EQ(HolderOf(cache), Holder::kForeignWriter);
}

TEST("a token – replaced – stays where it is") {
  const Cache cache;
  auto token = Token::Create(cache.directory(), "a", kMark, {});
  CHECK_OK(token);
  CHECK_EQ(::unlink(cache.Path("incomplete/a").c_str()), 0);
  testing::WriteFile(cache.Path("incomplete/a"), "");
  token.value().Remove(cache.directory(), "a");
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "a");
}

TEST("a token – touched – is as young as now") {
  const Cache cache;
  auto token = Token::Create(cache.directory(), "a", kMark, {});
  CHECK_OK(token);
  testing::MakeOlder(cache.Path("incomplete/a"), 100'000);
  CHECK_OK(token.value().Touch());
  CHECK(testing::NowNs() - testing::ModifiedNs(cache.Path("incomplete/a")) < 10 * testing::kSecond);
  const Faults faults(testing::Refuse("utimensat", EROFS));
  CHECK_FAILS(token.value().Touch(), EROFS);
}

TEST("a writer – holds its lock in any process – is alive, however old its files are") {
  const Cache cache;
  const testing::Child writer([&] { new auto(cache.Claim("a")); });
  CHECK_EQ(HolderOf(cache), Holder::kLiveWriter);
  cache.AgeIncomplete(1'000'000);
  CHECK_EQ(HolderOf(cache), Holder::kLiveWriter);
}

TEST("a writer – killed – is dead, and retired with its data") {
  const Cache cache;
  testing::Child writer([&] {
    auto* claim = new auto(cache.Claim("a"));
    (void)claim->value().Write(testing::Bytes("half"));
  });
  const std::string data = cache.DataNameOf("a");
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/" + data)), "half");
  writer.Kill();
  CHECK_EQ(HolderOf(cache), Holder::kDeadWriter);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a dead token – foreign writer put bytes into it – loses our mark and data") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  testing::WriteFile(cache.Path("incomplete/a"), "its bytes");
  CHECK_EQ(HolderOf(cache), Holder::kForeignWriter);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "a");
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "its bytes");
  CHECK(!testing::Attribute(cache.Path("incomplete/a"), kWriterAttribute).has_value());
}

TEST("a look at a holder – any image – leaves no lock and changes nothing") {
  const Cache cache;
  const std::string data = cache.LeaveDeadWriter("a", "half");
  CHECK_EQ(FindHolder(cache.directory(), "a", {}).value(), Holder::kDeadWriter);
  CHECK(!testing::IsFlocked(cache.Path("incomplete/a")));
  CHECK_EQ(testing::Names(cache.Path("incomplete")), data + " a");
}

TEST("a token – no mark, or none possible – is a foreign writer's, and stays") {
  const auto holder_after = [](const std::function<void(const std::string&)>& make) {
    const Cache cache;
    make(cache.Path("incomplete/a"));
    const auto holder = HolderOf(cache);
    return testing::Exists(cache.Path("incomplete/a")) ? holder : std::nullopt;
  };
  CHECK_EQ(holder_after([](const std::string& path) { testing::WriteFile(path, ""); }), Holder::kForeignWriter);
  CHECK_EQ(holder_after([](const std::string& path) { testing::WriteFile(path, "b"); }), Holder::kForeignWriter);
  CHECK_EQ(holder_after([](const std::string& path) { ::mkdir(path.c_str(), 0755); }), Holder::kForeignWriter);
  CHECK_EQ(holder_after([](const std::string& path) { ::mkfifo(path.c_str(), 0644); }), Holder::kForeignWriter);
  CHECK_EQ(holder_after([](const std::string& path) { (void)!::symlink("/dev/null", path.c_str()); }),
           Holder::kForeignWriter);
  CHECK_EQ(holder_after(MakeSocket), Holder::kForeignWriter);
  CHECK_EQ(holder_after([](const std::string& path) {
             testing::WriteFile(path, "");
             testing::SetAttribute(path, kWriterAttribute, "../../a 89abcdef");
           }),
           Holder::kForeignWriter);
}

TEST("a dead token – locked for a moment – is not retired") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  const testing::OpenFile prober(cache.Path("incomplete/a"));
  CHECK(prober.TryFlock());
  CHECK_EQ(HolderOf(cache), Holder::kLiveWriter);
}

TEST("a dead token – replaced before it is locked – is not retired") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  std::optional<Result<Token>> next;
  const Faults faults(Before("flock", 1, [&] {
    ::unlink(cache.Path("incomplete/a").c_str());
    next.emplace(Token::Create(cache.directory(), "a", kMark, {}));
    return 0;
  }));
  CHECK_EQ(RetireDeadWriter(cache.directory(), "a", {}).value(), Holder::kNobody);
  CHECK(testing::IsFlocked(cache.Path("incomplete/a")));
}

TEST("a writer of another boot – data older than ours – is dead") {
  const Cache cache;
  const std::string data = cache.LeaveWriterOfOtherBoot("a", "half");
  const int64_t before_boot = cache.directory().boot().started_ns - testing::kSecond;
  testing::SetTimes(cache.Path("incomplete/" + data), before_boot, before_boot);
  CHECK_EQ(HolderOf(cache), Holder::kDeadWriter);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a writer of another boot – data younger than ours – may live, until it stalls") {
  const Cache cache;
  const std::string data = cache.LeaveWriterOfOtherBoot("a", "half");
  StallRule rule;
  rule.stall_seconds = 3;
  CHECK_EQ(HolderOf(cache, rule), Holder::kLiveWriter);
  testing::MakeOlder(cache.Path("incomplete/" + data), 5);
  CHECK_EQ(HolderOf(cache, rule), Holder::kLiveWriter);  // It still touches its token.
  testing::MakeOlder(cache.Path("incomplete/a"), 5);
  CHECK_EQ(HolderOf(cache, rule), Holder::kDeadWriter);
}

TEST("a writer of another boot – holds its lock here – is alive") {
  const Cache cache;
  const auto token = Token::Create(cache.directory(), "a", {".d-0123456789abcdef", "otherone"}, {});
  CHECK_OK(token);
  CHECK_EQ(HolderOf(cache), Holder::kLiveWriter);
}

TEST("a writer of another boot – no data – has nothing to publish, and is dead") {
  const Cache cache;
  const std::string data = cache.LeaveWriterOfOtherBoot("a", "half");
  CHECK_EQ(::unlink(cache.Path("incomplete/" + data).c_str()), 0);
  CHECK_EQ(HolderOf(cache), Holder::kDeadWriter);
}

TEST("a writer – locks do not work – is retired by age only") {
  const Cache cache;
  const auto token = Token::Create(cache.directory(), "a", kMark, ByAge(3));
  CHECK_OK(token);
  CHECK(!testing::IsFlocked(cache.Path("incomplete/a")));
  testing::WriteFile(cache.Path("incomplete/" + kMark.data_name), "half");
  CHECK_EQ(HolderOf(cache, ByAge(3)), Holder::kLiveWriter);
  cache.AgeIncomplete(5);
  CHECK_EQ(HolderOf(cache, ByAge(3)), Holder::kDeadWriter);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("a dead writer – retired – loses its data before its token") {
  const Cache cache;
  const std::string data = cache.LeaveDeadWriter("a", "half");
  {
    const Faults faults(testing::RefuseNth("unlinkat", 1, EIO));
    CHECK_FAILS(RetireDeadWriter(cache.directory(), "a", {}), EIO);
  }
  CHECK_EQ(testing::Names(cache.Path("incomplete")), data + " a");
  {
    const Faults faults(testing::RefuseNth("unlinkat", 2, EIO));
    CHECK_FAILS(RetireDeadWriter(cache.directory(), "a", {}), EIO);
  }
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "a");
  CHECK_EQ(HolderOf(cache), Holder::kDeadWriter);
}

TEST("a look at a holder – the kernel refuses – is an error, not a wrong result") {
  const Cache cache;
  const std::string data = cache.LeaveWriterOfOtherBoot("a", "half");
  for (const char* call : {"openat", "fgetxattr", "flock", "statx"}) {
    const Faults faults(testing::Refuse(call, EIO));
    const auto found = FindHolder(cache.directory(), "a", {});
    CHECK_FAILS(found, EIO);
  }
  for (const char* call : {"openat", "fgetxattr", "flock"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(RetireDeadWriter(cache.directory(), "a", {}), EIO);
  }
  CHECK_EQ(testing::Names(cache.Path("incomplete")), data + " a");
}

TEST("a delete – writer about to publish – unlinks its data, and nothing else") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  const std::string other = cache.LeaveDeadWriter("b", "half");
  CHECK_OK(UnlinkDataOfWriter(cache.directory(), "a"));
  CHECK_EQ(testing::Names(cache.Path("incomplete")), other + " a b");
  CHECK_OK(UnlinkDataOfWriter(cache.directory(), "a"));
  CHECK_OK(UnlinkDataOfWriter(cache.directory(), "c"));
}

TEST("a delete – foreign writer – does not unlink its file") {
  const Cache cache;
  testing::WriteFile(cache.Path("incomplete/a"), "its");
  CHECK_OK(UnlinkDataOfWriter(cache.directory(), "a"));
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "its");
  CHECK_EQ(::symlink("/dev/null", cache.Path("incomplete/b").c_str()), 0);
  CHECK_OK(UnlinkDataOfWriter(cache.directory(), "b"));
  for (const char* call : {"openat", "fgetxattr"}) {
    const Faults faults(testing::Refuse(call, EIO));
    CHECK_FAILS(UnlinkDataOfWriter(cache.directory(), "a"), EIO);
  }
}

}  // namespace
}  // namespace xattr_cache
