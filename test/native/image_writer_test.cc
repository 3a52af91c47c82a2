#include "core/image_writer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "cache_fixture.h"
#include "core/lookup.h"
#include "core/reaper.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;
using testing::Faults;

TEST("an image – committed – appears whole, with 0 hits, and nothing else stays") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("first, ")));
  CHECK_OK(writer.value().Write(Bytes("")));
  CHECK_OK(writer.value().Write(Bytes("second")));
  CHECK_EQ(writer.value().bytes_written(), 13);
  CHECK(!testing::Exists(cache.Path("a")));

  CHECK_OK(writer.value().Commit());
  CHECK(!writer.value().open());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "first, second");
  CHECK_EQ(testing::Attribute(cache.Path("a"), kHitsAttribute), "0");
  CHECK_EQ(testing::StatOf(cache.Path("a")).st_mode & 07777, 0644);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  CHECK_EQ(testing::Names(cache.Path("invalid")), "");
}

TEST("files – created – have the mode that the umask leaves of 0666") {
  const Cache cache;
  ::umask(007);
  auto writer = cache.Claim("a");
  ::umask(022);
  CHECK_OK(writer);
  CHECK_EQ(testing::StatOf(cache.Path("incomplete/" + cache.DataNameOf("a"))).st_mode & 07777, 0660);
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::StatOf(cache.Path("a")).st_mode & 07777, 0660);
}

TEST("an image – no bytes – is committed") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer.value().Commit());
  CHECK(FindImage(cache.directory(), "a").value().cached);
}

TEST("a commit – image exists – replaces it and its hits") {
  const Cache cache;
  cache.AddImage("a", "old");
  testing::SetAttribute(cache.Path("a"), kHitsAttribute, "5");
  const testing::OpenFile reader(cache.Path("a"));
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("new bytes")));
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "old");
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "new bytes");
  CHECK_EQ(testing::Attribute(cache.Path("a"), kHitsAttribute), "0");
  char old[4] = {};
  CHECK_EQ(::pread(reader.fd(), old, sizeof(old), 0), 3);
}

TEST("a commit – image queued – takes it from the queue") {
  const Cache cache;
  CHECK(QueueImage(cache.directory(), "a", {}).value());
  CHECK(QueueImage(cache.directory(), "b", {}).value());
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_EQ(testing::Names(cache.Path("queue")), "a b");
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::Names(cache.Path("queue")), "b");
}

TEST("a token – foreign writer put bytes into it – only loses its mark") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("ours")));
  testing::WriteFile(cache.Path("incomplete/a"), "its");
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "ours");
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "its");
  CHECK(!testing::Attribute(cache.Path("incomplete/a"), kWriterAttribute).has_value());
}

TEST("glance B17: a commit – image deleted while written – fails") {
  const Cache cache;
  cache.AddImage("a", "old");
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("new")));
  CHECK(DeleteImage(cache.directory(), "a").value());
  CHECK_FAILS(writer.value().Commit(), ENOENT);
  CHECK(writer.value().open());
  CHECK_OK(writer.value().Rollback("claim lost"));
  CHECK(!testing::Exists(cache.Path("a")));
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  CHECK_EQ(testing::Names(cache.Path("invalid")), "");
}

TEST("a claim – held, gone or taken – is found to be so") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK(writer.value().FindClaim() == ClaimState::kHeld);
  {
    const Faults faults(testing::Refuse("statx", EIO));
    CHECK(writer.value().FindClaim() == ClaimState::kUnknown);
  }
  cache.Clear();
  CHECK(writer.value().FindClaim() == ClaimState::kGone);
  auto other = cache.Claim("a");
  CHECK_OK(other);
  CHECK(writer.value().FindClaim() == ClaimState::kTaken);
  CHECK(other.value().FindClaim() == ClaimState::kHeld);
}

TEST("glance B16: a cleaner – slow writer – leaves its bytes alone") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("slow")));
  cache.AgeIncomplete(1'000'000);
  CHECK_EQ(ReapStalled(cache.directory(), 0, {}).value(), 0);
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "slow");
}

TEST("a writer – touched – is as young as now, bytes and token") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer.value().Write(Bytes("half")));
  const std::string data = cache.DataNameOf("a");
  cache.AgeIncomplete(100'000);
  CHECK_OK(writer.value().Touch());
  for (const std::string& name : {std::string("a"), data}) {
    CHECK(testing::NowNs() - testing::ModifiedNs(cache.Path("incomplete/" + name)) < 10 * testing::kSecond);
  }
}

TEST("a commit – failed – can be repeated") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("bytes")));
  for (const char* call : {"fsetxattr", "renameat"}) {
    const Faults faults(testing::Refuse(call, ENOSPC));
    CHECK_FAILS(writer.value().Commit(), ENOSPC);
    CHECK(writer.value().open());
    CHECK(!testing::Exists(cache.Path("a")));
  }
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "bytes");
}

TEST("a commit – rename done but reported as failed – succeeds") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("bytes")));
  const std::string data = cache.Path("incomplete/" + cache.DataNameOf("a"));
  const Faults faults(testing::Before("renameat", 1, [&] {
    ::rename(data.c_str(), cache.Path("a").c_str());
    return ENOENT;
  }));
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "bytes");
}

TEST("a commit – failure after the rename – succeeds and frees the image immediately") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("bytes")));
  {
    bool renamed = false;
    const Faults faults([&](std::string_view call) {
      const int code = renamed ? EIO : 0;
      renamed = renamed || call == "renameat";
      return code;
    });
    CHECK_OK(writer.value().Commit());
  }
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "bytes");
  CHECK_OK(cache.Claim("a"));
}

TEST("a write – failed – can be repeated from where it was") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("one ")));
  {
    const Faults faults(testing::Refuse("pwrite64", ENOSPC));
    CHECK_FAILS(writer.value().Write(Bytes("two")), ENOSPC);
  }
  CHECK_EQ(writer.value().bytes_written(), 4);
  CHECK_OK(writer.value().Write(Bytes("2")));
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "one 2");
}

// A limit on the size of files makes the kernel write less than it was asked to, and then refuse, as a full disk does.
bool WriteTorn(ImageWriter& writer, std::string_view bytes, rlim_t limit) {
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit tight{limit, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tight);
  const Status written = writer.Write(Bytes(bytes));
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  return written.failed_with(EFBIG);
}

TEST("a commit – after a torn write – excludes the torn bytes") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK(WriteTorn(writer.value(), "torn bytes", 7));
  CHECK_EQ(writer.value().bytes_written(), 0);
  CHECK_EQ(testing::StatOf(cache.Path("incomplete/" + cache.DataNameOf("a"))).st_size, 7);
  {
    const Faults faults(testing::Refuse("ftruncate", EIO));
    CHECK_FAILS(writer.value().Commit(), EIO);
  }
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "");
}

TEST("a commit – after a torn write and a shorter one – excludes the torn bytes") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK(WriteTorn(writer.value(), "torn bytes", 7));
  CHECK_OK(writer.value().Write(Bytes("ok")));
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "ok");
}

}  // namespace
}  // namespace xattr_cache
