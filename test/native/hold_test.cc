#include "core/hold.h"

#include <optional>
#include <string>
#include <utility>

#include "core/image_writer.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "limited.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;
using testing::Faults;
using testing::InWords;
using testing::Limited;

constexpr uint64_t kMiB = 1 << 20;

Result<ImageWriter> Claim(const Limited& process) {
  return ImageWriter::Claim(process.shared(), "a", {});
}

TEST("a hold – dropped, settled, or moved – gives back exactly what it has") {
  const Cache cache;
  const Limited process(cache, {.bytes = 100});
  process.Walk(0);
  {
    Hold hold(process.directory());
    CHECK_EQ(InWords(hold.Add({20, 1}, 0)), "room");
    CHECK_EQ(InWords(hold.Add({10, 0}, 0)), "room");
    CHECK_EQ(InWords(hold.Add({71, 0}, 0)), "too large");
    CHECK_EQ(process.Measure(), "held 0/0, reserved 30/1");
    const Hold moved(std::move(hold));
    hold.Settle({});
    CHECK_EQ(process.Measure(), "held 0/0, reserved 30/1");
  }
  CHECK_EQ(process.Measure(), "held 0/0, reserved 0/0");
  Hold hold(process.directory());
  CHECK_EQ(InWords(hold.Add({20, 1}, 0)), "room");
  hold.Settle({15, 1});
  hold.Settle({});
  CHECK_EQ(process.Measure(), "held 15/1, reserved 0/0");
  CHECK_EQ(process.reservations().Measure(process.base()).value()->unwritten, 0);
}

TEST("a hold – no limits – has room for anything, and makes no file") {
  const Cache cache;
  Hold hold(cache.directory());
  CHECK_EQ(InWords(hold.Add({UINT64_MAX, 1}, 0)), "room");
  CHECK_EQ(InWords(hold.GrowTo(0, UINT64_MAX, 0)), "room");
  CHECK_EQ(InWords(hold.Reach(UINT64_MAX, 0)), "room");
  hold.Written(5);
  hold.Settle({5, 1});
  CHECK(!testing::Exists(cache.Path(".xattr-cache/reservations")));
}

TEST("a hold – grows – reserves in steps of a 64th of the limit, at most 4 MiB") {
  for (const auto& [limit, step] :
       {std::pair{640 * kMiB, 4 * kMiB}, std::pair{uint64_t{6400}, uint64_t{100}}, std::pair{UINT64_MAX, 4 * kMiB}}) {
    const Cache cache;
    const Limited process(cache, {.bytes = limit, .free_bytes = 1});
    process.Walk(0);
    Hold hold(process.directory());
    const auto reserved = [&, step = step](uint64_t steps, uint64_t bytes) {
      return process.Measure() == "held 0/0, reserved " + std::to_string(steps * step + bytes) + "/1";
    };
    CHECK_EQ(InWords(hold.GrowTo(0, 1, 0)), "room");
    CHECK(reserved(1, 0));
    CHECK_EQ(InWords(hold.GrowTo(0, step, 0)), "room");
    CHECK(reserved(1, 0));
    CHECK_EQ(InWords(hold.GrowTo(0, step + 1, 0)), "room");
    CHECK(reserved(2, 0));
    CHECK_EQ(InWords(hold.GrowTo(0, 5 * step, 0)), "room");
    CHECK(reserved(5, 0));
  }
}

TEST("a hold – no room for a step – reserves what is needed") {
  const Cache cache;
  const Limited process(cache, {.bytes = 6400});
  process.Walk(6350, 1);
  Hold hold(process.directory());
  CHECK_EQ(InWords(hold.GrowTo(0, 50, 0)), "crowded");
  CHECK_EQ(process.Measure(), "held 6350/1, reserved 50/1");
  CHECK_EQ(InWords(hold.GrowTo(0, 51, 0)), "full");
  CHECK_EQ(process.Measure(), "held 6350/1, reserved 50/1");
}

TEST("a hold – bytes allocated – notes them, and never takes them back") {
  const Cache cache;
  const Limited process(cache, {.bytes = 640 * kMiB});
  process.Walk(0);
  Hold hold(process.directory());
  CHECK_EQ(InWords(hold.Reach(10 * kMiB, 0)), "room");
  const auto unwritten = [&] { return process.reservations().Measure(process.base()).value()->unwritten; };
  hold.Written(4 * kMiB - 1);
  CHECK_EQ(unwritten(), 6 * kMiB + 1);
  hold.Written(4 * kMiB);
  CHECK_EQ(unwritten(), 6 * kMiB);
  hold.Written(3 * kMiB);
  CHECK_EQ(unwritten(), 6 * kMiB);
  hold.Written(20 * kMiB);
  CHECK_EQ(unwritten(), 0);
  hold.Settle({});
  CHECK_EQ(process.Measure(), "held 0/0, reserved 0/0");
}

TEST("a put – with limits – reserves, and counts what it published") {
  const Cache cache;
  const Limited process(cache, {.bytes = 100});
  const auto put = [&](std::string_view bytes) { return InWords(PutImage(process.directory(), "a", Bytes(bytes))); };
  CHECK_EQ(put("unknown"), "unknown");
  CHECK(!testing::Exists(cache.Path("a")));
  process.Walk(50, 1);
  CHECK_EQ(put(std::string(51, 'x')), "full");
  CHECK_EQ(put(std::string(101, 'x')), "too large");
  CHECK(!testing::Exists(cache.Path("a")));
  CHECK_EQ(put(std::string(30, 'x')), "room");
  CHECK_EQ(process.Measure(), "held 80/2, reserved 0/0");
  {
    const Faults faults(testing::Refuse("fsetxattr", EIO));
    CHECK_EQ(put("bytes"), "fsetxattr: Input/output error");
  }
  CHECK_EQ(process.Measure(), "held 80/2, reserved 0/0");
}

TEST("a writer – ended in any way – gives back what is left") {
  enum class End { kCommit, kRollback, kReasonOnly, kAbandon, kDiscard, kDrop };
  for (const End end : {End::kCommit, End::kRollback, End::kReasonOnly, End::kAbandon, End::kDiscard, End::kDrop}) {
    const Cache cache;
    const Limited process(cache, {.bytes = 640});
    process.Walk(0);
    auto claimed = Claim(process);
    CHECK_OK(claimed);
    std::optional<ImageWriter> writer(std::move(claimed.value()));
    CHECK_EQ(InWords(writer->Write(Bytes("sixteen bytes..."))), "room");
    CHECK_EQ(process.Measure(), "held 0/0, reserved 16/1");
    CHECK_EQ(InWords(writer->Write(Bytes("!"))), "room");
    CHECK_EQ(process.Measure(), "held 0/0, reserved 26/1");
    if (end == End::kCommit) CHECK_OK(writer->Commit());
    if (end == End::kRollback) CHECK_OK(writer->Rollback("why"));
    if (end == End::kReasonOnly) CHECK_OK(writer->Rollback("why", 16));
    if (end == End::kAbandon) writer->Abandon();
    if (end == End::kDiscard) writer->Discard();
    if (end == End::kDrop) writer.reset();
    const std::string held = end == End::kCommit ? "17/1" : end == End::kRollback ? "17/0" : "0/0";
    CHECK_EQ(process.Measure(), "held " + held + ", reserved 0/0");
    writer.reset();
    CHECK_EQ(process.Measure(), "held " + held + ", reserved 0/0");
  }
}

TEST("a writer – moved – keeps its reservation") {
  const Cache cache;
  const Limited process(cache, {.bytes = 640});
  process.Walk(0);
  std::optional<Result<ImageWriter>> first(Claim(process));
  CHECK_OK(*first);
  CHECK_EQ(InWords(first->value().Write(Bytes("ten bytes."))), "room");
  std::optional<ImageWriter> second(std::move(first->value()));
  first.reset();
  CHECK_EQ(process.Measure(), "held 0/0, reserved 10/1");
  CHECK_OK(second->Commit());
  CHECK_EQ(process.Measure(), "held 10/1, reserved 0/0");
}

TEST("a writer – no room – has written nothing, and goes on once there is") {
  const Cache cache;
  const Limited process(cache, {.bytes = 100});
  process.Walk(95, 1);
  auto writer = Claim(process);
  CHECK_OK(writer);
  CHECK_EQ(InWords(writer.value().Write(Bytes("five."))), "crowded");
  CHECK_EQ(InWords(writer.value().Write(Bytes("more"))), "full");
  CHECK_EQ(writer.value().bytes_written(), 5);
  CHECK_OK(process.reservations().Removed(process.base(), {95, 1}, 0));
  CHECK_EQ(InWords(writer.value().Write(Bytes("more"))), "room");
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "five.more");
  CHECK_EQ(process.Measure(), "held 9/1, reserved 0/0");
}

TEST("a writer – length known, also of nothing – reserves just that") {
  const Cache cache;
  const Limited process(cache, {.bytes = 6400, .images = 3});
  process.Walk(0);
  auto writer = Claim(process);
  CHECK_OK(writer);
  CHECK_EQ(InWords(writer.value().Reserve(0)), "room");
  CHECK_EQ(process.Measure(), "held 0/0, reserved 0/1");
  CHECK_EQ(InWords(writer.value().Reserve(7)), "room");
  CHECK_EQ(process.Measure(), "held 0/0, reserved 7/1");
  CHECK_EQ(InWords(writer.value().Write(Bytes("7 bytes"))), "room");
  CHECK_EQ(process.Measure(), "held 0/0, reserved 7/1");
  CHECK_EQ(InWords(writer.value().Reserve(6401)), "too large");
}

TEST("an image of no bytes – written – counts as an image") {
  const Cache cache;
  const Limited process(cache, {.images = 1});
  process.Walk(0, 1);
  auto writer = Claim(process);
  CHECK_OK(writer);
  CHECK_EQ(InWords(writer.value().Write(Bytes(""))), "full");
  CHECK_EQ(InWords(PutImage(process.directory(), "b", Bytes(""))), "full");
}

}  // namespace
}  // namespace xattr_cache
