// The outcome of a write that fails, and of the space that it took.

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "cache_fixture.h"
#include "core/image_writer.h"
#include "core/lookup.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;
using testing::Faults;

// A writer of "a" that has written "half".
Result<ImageWriter> HalfWritten(const Cache& cache) {
  auto writer = cache.Claim("a");
  if (writer.ok()) (void)writer.value().Write(Bytes("half"));
  return writer;
}

TEST("a failed write – rolled back – is in invalid/ with the reason, image free") {
  const Cache cache;
  auto writer = HalfWritten(cache);
  CHECK_OK(writer);
  CHECK_OK(writer.value().Rollback("the source broke off"));
  CHECK(!writer.value().open());
  CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "half");
  CHECK_EQ(testing::Attribute(cache.Path("invalid/a"), kErrorAttribute), "the source broke off");
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  CHECK(!testing::Exists(cache.Path("a")));
  CHECK_OK(cache.Claim("a"));
}

TEST("a failed write – image and request exist – leaves both") {
  const Cache cache;
  CHECK(QueueImage(cache.directory(), "a", {}).value());
  cache.AddImage("a", "old");
  auto writer = HalfWritten(cache);
  CHECK_OK(writer.value().Rollback("why"));
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "old");
  CHECK_EQ(testing::Names(cache.Path("queue")), "a");
}

TEST("a failed write – second one of the image – replaces the first") {
  const Cache cache;
  for (const char* reason : {"first", "second"}) {
    auto writer = HalfWritten(cache);
    CHECK_OK(writer.value().Rollback(reason));
  }
  CHECK_EQ(testing::Names(cache.Path("invalid")), "a");
  CHECK_EQ(testing::Attribute(cache.Path("invalid/a"), kErrorAttribute), "second");
}

TEST("a failed write – larger than what is kept – keeps its reason only") {
  const Cache cache;
  auto writer = HalfWritten(cache);
  CHECK_OK(writer.value().Rollback("why", /*largest_kept=*/3));
  CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "");
  CHECK_EQ(testing::Attribute(cache.Path("invalid/a"), kErrorAttribute), "why");

  auto small = HalfWritten(cache);
  CHECK_OK(small.value().Rollback("why", /*largest_kept=*/4));
  CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "half");
}

TEST("a writer – dropped – leaves nothing behind") {
  const Cache cache;
  {
    const auto writer = HalfWritten(cache);
    CHECK_OK(writer);
  }
  CHECK_EQ(testing::Names(cache.Path("invalid")), "");
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  CHECK_OK(cache.Claim("a"));
}

TEST("a writer – moved on – does not roll back where it came from") {
  const Cache cache;
  std::optional<Result<ImageWriter>> first(HalfWritten(cache));
  ImageWriter second(std::move(first->value()));
  CHECK(!first->value().open());
  first.reset();
  CHECK(second.open());
  CHECK_EQ(second.bytes_written(), 4);
  CHECK_OK(second.Write(Bytes(" and half")));
  CHECK_OK(second.Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "half and half");
}

TEST("a write – discarded – leaves no trace, and frees the image") {
  const Cache cache;
  cache.AddImage("a", "old");
  auto writer = HalfWritten(cache);
  CHECK_OK(writer);
  writer.value().Discard();
  CHECK(!writer.value().open());
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  CHECK_EQ(testing::Names(cache.Path("invalid")), "");
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "old");
  CHECK_OK(cache.Claim("a"));
}

TEST("glance B20: a reason – too long – is cut at a character to 1,024 bytes") {
  const Cache cache;
  std::string reason = "x";
  for (int i = 0; i < 5000; i++) reason += "é";
  auto writer = HalfWritten(cache);
  CHECK_OK(writer.value().Rollback(reason));
  CHECK_EQ(testing::Attribute(cache.Path("invalid/a"), kErrorAttribute), reason.substr(0, 1023));
}

TEST("a reason – full disk – is cut short, and then dropped") {
  const Cache cache;
  const std::string reason(500, 'r');
  {
    auto writer = HalfWritten(cache);
    const Faults faults(testing::RefuseNth("fsetxattr", 1, ENOSPC));
    CHECK_OK(writer.value().Rollback(reason));
  }
  const auto kept = testing::Attribute(cache.Path("invalid/a"), kErrorAttribute);
  CHECK(kept.has_value() && !kept->empty() && kept->size() < 100 && reason.starts_with(*kept));
  {
    auto writer = HalfWritten(cache);
    const Faults faults(testing::Refuse("fsetxattr", ENOSPC));
    CHECK_OK(writer.value().Rollback(reason));
  }
  CHECK(!testing::Attribute(cache.Path("invalid/a"), kErrorAttribute).has_value());
  CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "half");
}

TEST("a rollback – disk too full for the move – discards the bytes") {
  for (const int full : {ENOSPC, EDQUOT}) {
    const Cache cache;
    auto writer = HalfWritten(cache);
    const Faults faults(testing::RefuseNth("renameat", 1, full));
    CHECK_OK(writer.value().Rollback("no space left"));
    CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "");
    CHECK_EQ(testing::Attribute(cache.Path("invalid/a"), kErrorAttribute), "no space left");
    CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  }
}

TEST("glance B14: a write or commit – no space – discards the bytes to free space") {
  for (const char* call : {"pwrite64", "fsetxattr"}) {
    for (const int full : {ENOSPC, EDQUOT}) {
      const Cache cache;
      auto writer = HalfWritten(cache);
      {
        const Faults faults(testing::Refuse(call, full));
        if (call == std::string_view("pwrite64")) CHECK_FAILS(writer.value().Write(testing::Bytes("more")), full);
        if (call != std::string_view("pwrite64")) CHECK_FAILS(writer.value().Commit(), full);
      }
      CHECK_OK(writer.value().Rollback("no space left"));
      CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "");
      CHECK_EQ(testing::Attribute(cache.Path("invalid/a"), kErrorAttribute), "no space left");
    }
  }
}

TEST("a writer – moved on after a full disk – still knows of it") {
  const Cache cache;
  auto first = HalfWritten(cache);
  {
    const Faults faults(testing::Refuse("pwrite64", ENOSPC));
    CHECK_FAILS(first.value().Write(testing::Bytes("more")), ENOSPC);
  }
  ImageWriter second(std::move(first.value()));
  CHECK_OK(second.Rollback("no space left"));
  CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "");
}

// Once user.hits is set, a follower may rely on the size.
TEST("complete bytes – no space to publish – are unlinked, never cut") {
  for (const int full : {ENOSPC, EDQUOT}) {
    const Cache cache;
    auto writer = HalfWritten(cache);
    const testing::OpenFile follower(cache.Path("incomplete/" + cache.DataNameOf("a")));
    {
      const Faults faults(testing::Refuse("renameat", full));
      CHECK_FAILS(writer.value().Commit(), full);
    }
    CHECK_OK(writer.value().Rollback("no space left"));
    CHECK_EQ(follower.Size(), 4);
    CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
    CHECK_EQ(testing::Names(cache.Path("invalid")), "");
  }
}

TEST("complete bytes – no space in invalid/ – are not cut") {
  const Cache cache;
  auto writer = HalfWritten(cache);
  const testing::OpenFile follower(cache.Path("incomplete/" + cache.DataNameOf("a")));
  {
    const Faults faults(testing::Refuse("renameat", EIO));
    CHECK_FAILS(writer.value().Commit(), EIO);
  }
  const Faults faults(testing::RefuseNth("renameat", 1, ENOSPC));
  CHECK_OK(writer.value().Rollback("why"));
  CHECK_EQ(follower.Size(), 4);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("complete bytes – not published – do not look complete in invalid/") {
  const Cache cache;
  auto writer = HalfWritten(cache);
  {
    const Faults faults(testing::Refuse("renameat", EIO));
    CHECK_FAILS(writer.value().Commit(), EIO);
  }
  CHECK_OK(writer.value().Rollback("why"));
  CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "half");
  CHECK(!testing::Attribute(cache.Path("invalid/a"), kHitsAttribute).has_value());
}

TEST("a failed write – other reason, or space found again – is kept") {
  for (const bool room_again : {false, true}) {
    const Cache cache;
    auto writer = HalfWritten(cache);
    {
      const Faults faults(testing::Refuse("pwrite64", room_again ? ENOSPC : EIO));
      CHECK(!writer.value().Write(testing::Bytes("more")).ok());
    }
    if (room_again) CHECK_OK(writer.value().Write(testing::Bytes("more")));
    CHECK_OK(writer.value().Rollback("why"));
    CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), room_again ? "halfmore" : "half");
  }
}

TEST("a failed write – cannot be moved – is unlinked") {
  for (const int code : {ENOSPC, EIO}) {
    const Cache cache;
    auto writer = HalfWritten(cache);
    const Faults faults(testing::Refuse("renameat", code));
    CHECK_OK(writer.value().Rollback("why"));
    CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
    CHECK_EQ(testing::Names(cache.Path("invalid")), "");
  }
}

TEST("a rollback – directory in the way in invalid/ – loses the bytes, not the claim") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path("invalid/a").c_str(), 0755), 0);
  auto writer = HalfWritten(cache);
  CHECK_OK(writer.value().Rollback("why"));
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  CHECK_OK(cache.Claim("a"));
}

TEST("a rollback – cannot even unlink – returns the reason, and frees the claim") {
  const Cache cache;
  auto writer = HalfWritten(cache);
  {
    const Faults faults([](std::string_view call) { return call == "renameat" || call == "unlinkat" ? EROFS : 0; });
    CHECK_FAILS(writer.value().Rollback("why"), EROFS);
  }
  CHECK(!writer.value().open());
  auto next = cache.Claim("a");
  CHECK_OK(next);
  CHECK_OK(next.value().Commit());
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
}

TEST("glance B28: a rollback – image deleted meanwhile – succeeds") {
  const Cache cache;
  auto writer = HalfWritten(cache);
  CHECK_EQ(DeleteImage(cache.directory(), "a").value(), false);
  CHECK_OK(writer.value().Rollback("why"));
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  CHECK_EQ(testing::Names(cache.Path("invalid")), "");
}

TEST("a rollback – token has become a foreign writer's – leaves it, without our mark") {
  const Cache cache;
  auto writer = HalfWritten(cache);
  testing::WriteFile(cache.Path("incomplete/a"), "its");
  CHECK_OK(writer.value().Rollback("why"));
  CHECK_EQ(testing::ReadFile(cache.Path("incomplete/a")), "its");
  CHECK(!testing::Attribute(cache.Path("incomplete/a"), kWriterAttribute).has_value());
}

uint64_t BlocksOf(const std::string& path) {
  return static_cast<uint64_t>(testing::StatOf(path).st_blocks);
}

// Whether space can be reserved beyond the end of a file here, which not every file system can.
bool CanReserve(const Cache& cache) {
  const std::string path = cache.path() + "/probe";
  testing::WriteFile(path, "");
  const testing::OpenFile file(path, O_RDWR);
  const bool can = ::fallocate(file.fd(), FALLOC_FL_KEEP_SIZE, 0, 1 << 20) == 0;
  ::unlink(path.c_str());
  if (!can) testing::Skip("fallocate with FALLOC_FL_KEEP_SIZE does not work here");
  return can;
}

TEST("a reservation – made – does not change the size that followers see") {
  const Cache cache;
  if (!CanReserve(cache)) return;
  auto writer = HalfWritten(cache);
  CHECK_OK(writer.value().Reserve(1 << 20));
  const std::string data = cache.Path("incomplete/" + cache.DataNameOf("a"));
  CHECK_EQ(testing::StatOf(data).st_size, 4);
  CHECK(BlocksOf(data) >= (1 << 20) / 512);
}

TEST("a rollback – space reserved – gives it back") {
  const Cache cache;
  if (!CanReserve(cache)) return;
  auto writer = HalfWritten(cache);
  CHECK_OK(writer.value().Reserve(1 << 20));
  CHECK_OK(writer.value().Rollback("why"));
  CHECK_EQ(testing::ReadFile(cache.Path("invalid/a")), "half");
  CHECK(BlocksOf(cache.Path("invalid/a")) < 100);
}

TEST("a commit – space reserved and not needed – gives it back") {
  const Cache cache;
  if (!CanReserve(cache)) return;
  auto writer = HalfWritten(cache);
  CHECK_OK(writer.value().Reserve(1 << 20));
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "half");
  CHECK(BlocksOf(cache.Path("a")) < 100);
}

// As ext4 does: it has allocated all that there was when it finds that there is no more.
TEST("a rollback – reservation failed halfway – gives its space back") {
  const Cache cache;
  if (!CanReserve(cache)) return;
  auto writer = HalfWritten(cache);
  {
    const Faults faults(testing::Before("fallocate", 1, [&] {
      const testing::OpenFile data(cache.Path("incomplete/" + cache.DataNameOf("a")), O_RDWR);
      ::fallocate(data.fd(), FALLOC_FL_KEEP_SIZE, 0, 1 << 20);
      return ENOSPC;
    }));
    CHECK_FAILS(writer.value().Reserve(1 << 20), ENOSPC);
  }
  CHECK_OK(writer.value().Rollback("no space left"));
  CHECK(BlocksOf(cache.Path("invalid/a")) < 100);
}

TEST("a reservation – of nothing – keeps earlier ones") {
  const Cache cache;
  if (!CanReserve(cache)) return;
  auto writer = HalfWritten(cache);
  CHECK_OK(writer.value().Reserve(1 << 20));
  CHECK_OK(writer.value().Reserve(0));
  CHECK_OK(writer.value().Rollback("why"));
  CHECK(BlocksOf(cache.Path("invalid/a")) < 100);
}

TEST("a reservation – too large, or not supported – fails, or succeeds") {
  const Cache cache;
  auto writer = HalfWritten(cache);
  for (const int code : {ENOSPC, EDQUOT, EFBIG}) {
    const Faults faults(testing::Refuse("fallocate", code));
    CHECK_FAILS(writer.value().Reserve(1 << 20), code);
  }
  for (const int code : {EOPNOTSUPP, ENOSYS, EPERM}) {
    const Faults faults(testing::Refuse("fallocate", code));
    CHECK_OK(writer.value().Reserve(1 << 20));
  }
  const Faults faults(testing::Refuse("fallocate", EIO));
  CHECK_OK(writer.value().Reserve(0));
}

}  // namespace
}  // namespace xattr_cache
