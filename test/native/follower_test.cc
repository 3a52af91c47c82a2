#include "core/follower.h"

#include <unistd.h>

#include <optional>
#include <string>

#include "cache_fixture.h"
#include "core/image_writer.h"
#include "core/lookup.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Before;
using testing::ByAge;
using testing::Bytes;
using testing::Cache;
using testing::Faults;

Result<Follower> Follow(const Cache& cache, bool announce = false, const StallRule& rule = {}) {
  return Follower::Open(cache.shared(), "a", rule, announce);
}

// Returns the bytes that can be read now, as text.
std::string BytesOf(const Follower& follower) {
  std::string bytes(100, '\0');
  const auto size =
      ReadImage(follower.image()->fd.get(), std::as_writable_bytes(std::span(bytes)), 0, Waiting::kAllowed);
  bytes.resize(size.ok() ? size.value() : 0);
  return bytes;
}

TEST("a follower – no writer – cannot be opened") {
  const Cache cache;
  CHECK_FAILS(Follow(cache), ENOENT);
  cache.AddImage("a", "bytes");
  CHECK_FAILS(Follow(cache), ENOENT);
}

TEST("a follower – bytes arrive – sees them, and that they are complete") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const auto follower = Follow(cache);
  CHECK_OK(follower);
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kGrowing);
  CHECK_EQ(follower.value().Poll().value().size, 0);

  CHECK_OK(writer.value().Write(Bytes("first")));
  CHECK_EQ(follower.value().Poll().value().size, 5);
  CHECK_EQ(BytesOf(follower.value()), "first");

  CHECK_OK(writer.value().Write(Bytes(", last")));
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kComplete);
  CHECK_EQ(follower.value().Poll().value().size, 11);
  CHECK_EQ(BytesOf(follower.value()), "first, last");
}

TEST("a follower – reserved space – sees no bytes in it") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Reserve(1 << 16));
  CHECK_OK(writer.value().Write(Bytes("first")));
  CHECK_EQ(Follow(cache).value().Poll().value().size, 5);
}

TEST("a follower – write rolled back – fails with its reason") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const auto follower = Follow(cache);
  CHECK_OK(writer.value().Write(Bytes("half")));
  CHECK_OK(writer.value().Rollback("why"));
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kFailed);
  CHECK_EQ(follower.value().Poll().value().reason, "why");
}

TEST("a follower – bytes complete, no space to publish – reads them to the end") {
  for (const bool space_for_reason : {true, false}) {
    const Cache cache;
    auto writer = cache.Claim("a");
    CHECK_OK(writer);
    const auto follower = Follow(cache);
    CHECK_OK(writer.value().Write(Bytes("all")));
    {
      const Faults faults(Before("renameat", 1, [&] {
        const auto state = follower.value().Poll();
        return state.ok() && state.value().progress == Progress::kComplete && state.value().size == 3 ? ENOSPC : EIO;
      }));
      CHECK_FAILS(writer.value().Commit(), ENOSPC);
    }
    {
      const Faults faults(testing::Refuse("fsetxattr", space_for_reason ? 0 : ENOSPC));
      CHECK_OK(writer.value().Rollback("no space left"));
    }
    CHECK_EQ(BytesOf(follower.value()), "all");
    CHECK(follower.value().Poll().value().progress == (space_for_reason ? Progress::kFailed : Progress::kDead));
  }
}

TEST("a follower – image deleted while written – sees it complete in the end") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const auto follower = Follow(cache);
  CHECK_OK(writer.value().Write(Bytes("all")));
  CHECK_OK(DeleteImage(cache.directory(), "a"));
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kGrowing);
  CHECK_FAILS(writer.value().Commit(), ENOENT);
  writer.value().Discard();
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kComplete);
  CHECK_EQ(BytesOf(follower.value()), "all");
}

TEST("a follower – image committed and evicted – sees it complete") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const auto follower = Follow(cache);
  CHECK_OK(writer.value().Write(Bytes("all")));
  CHECK_OK(writer.value().Commit());
  CHECK_OK(DeleteImage(cache.directory(), "a"));
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kComplete);
  CHECK_EQ(BytesOf(follower.value()), "all");
}

TEST("a follower – writer killed – sees it dead, and keeps its bytes") {
  const Cache cache;
  std::optional<testing::Child> writer;
  writer.emplace([&] {
    static std::optional<ImageWriter> claimed;
    claimed.emplace(std::move(cache.Claim("a").value()));
    (void)claimed->Write(Bytes("half"));
  });
  const auto follower = Follow(cache);
  CHECK_OK(follower);
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kGrowing);
  writer->Kill();
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kDead);

  auto successor = cache.Claim("a");
  CHECK_OK(successor);
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kDead);
  CHECK_EQ(BytesOf(follower.value()), "half");
  CHECK_EQ(Follow(cache).value().Poll().value().size, 0);
}

TEST("a follower – writer that noted a length gives up or dies – sees the length") {
  const Cache cache;
  {
    auto writer = cache.Claim("a");
    CHECK_OK(writer.value().NoteLength(100));
    const auto follower = Follow(cache);
    CHECK(!follower.value().Poll().value().expected_size.has_value());
    CHECK_OK(writer.value().Rollback("why"));
    CHECK(follower.value().Poll().value().expected_size == 100);
  }
  std::optional<testing::Child> writer;
  writer.emplace([&] {
    static std::optional<ImageWriter> claimed;
    claimed.emplace(std::move(cache.Claim("a").value()));
    (void)claimed->NoteLength(200);
  });
  const auto follower = Follow(cache);
  writer->Kill();
  const auto successor = cache.Claim("a");
  CHECK_OK(successor);
  CHECK_EQ(follower.value().Poll().value().progress, Progress::kDead);
  CHECK(follower.value().Poll().value().expected_size == 200);
  CHECK(Follow(cache).value().Poll().value().progress == Progress::kGrowing);
}

TEST("a follower – locks prove nothing – takes a silent writer for dead by its age") {
  const Cache cache;
  cache.LeaveDeadWriter("a", "half");
  CHECK_EQ(Follow(cache, false, ByAge(60)).value().Poll().value().progress, Progress::kGrowing);
  cache.AgeIncomplete(120);
  CHECK_EQ(Follow(cache, false, ByAge(60)).value().Poll().value().progress, Progress::kDead);
}

TEST("a follower – foreign writer – cannot be opened") {
  const Cache cache;
  testing::WriteFile(cache.Path("incomplete/a"), "Glance's part");
  CHECK_FAILS(Follow(cache), EBUSY);
}

TEST("followers – announced – are seen by others, until they are closed") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const auto own = Follow(cache);
  CHECK_OK(own);
  CHECK(!own.value().HasOtherReaders());
  {
    const auto other = Follow(cache, true);
    CHECK_OK(other);
    CHECK(own.value().HasOtherReaders());
  }
  CHECK(!own.value().HasOtherReaders());
}

TEST("a follower – in another process – is seen") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const auto own = Follow(cache);
  std::optional<testing::Child> other;
  other.emplace([&] {
    static std::optional<Follower> follower;
    follower.emplace(std::move(Follow(cache, true).value()));
  });
  CHECK(own.value().HasOtherReaders());
  other->Kill();
  CHECK(!own.value().HasOtherReaders());
}

TEST("a follower – writer ends during a poll – sees the last bytes") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("first")));
  const auto follower = Follow(cache);
  CHECK_OK(follower);
  bool committed = false;
  const Faults late(Before("fgetxattr", 2, [&] {
    committed = writer.value().Write(Bytes(", last")).ok() && writer.value().Commit().ok();
    return 0;
  }));
  const auto state = follower.value().Poll();
  CHECK(committed);
  CHECK_OK(state);
  CHECK_EQ(state.value().progress, Progress::kComplete);
  CHECK_EQ(state.value().size, 11);
}

TEST("a writer that ends between the looks at its file and at its lock is not dead") {
  for (const bool commits : {true, false}) {
    const Cache cache;
    auto writer = cache.Claim("a");
    CHECK_OK(writer);
    CHECK_OK(writer.value().Write(Bytes("bytes")));
    const auto follower = Follow(cache);
    CHECK_OK(follower);
    const Faults late(Before("flock", 1, [&] {
      return (commits ? writer.value().Commit() : writer.value().Rollback("why")).ok() ? 0 : EIO;
    }));
    const auto state = follower.value().Poll();
    CHECK_OK(state);
    CHECK_EQ(state.value().progress, commits ? Progress::kComplete : Progress::kFailed);
  }
}

TEST("a file system – does not report other readers – means none") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  const auto own = Follow(cache);
  CHECK_OK(own);
  const Faults faults(testing::Refuse("fcntl", ENOLCK));
  CHECK(!own.value().HasOtherReaders());
}

}  // namespace
}  // namespace xattr_cache
