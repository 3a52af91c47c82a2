#include "core/checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>
#include <string>

#include "cache_fixture.h"
#include "core/doubtful.h"
#include "core/image_reader.h"
#include "core/lookup.h"
#include "core/publish.h"
#include "core/recovery.h"
#include "core/whole_put.h"
#include "fault_sweep.h"
#include "faults.h"
#include "harness.h"
#include "posix/file_times.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;
using testing::Faults;

constexpr char kCheckpoint[] = "user.xattr_cache.checkpoint";

Voucher VoucherOf(const Cache& cache) {
  return Voucher::Parse(testing::Attribute(cache.Path(".xattr-cache"), kCheckpoint).value_or(""));
}

void SetVoucher(const Cache& cache, const std::string& boot, int64_t until_ns) {
  Voucher voucher;
  voucher.boot = boot;
  voucher.until_ns = until_ns;
  testing::SetAttribute(cache.Path(".xattr-cache"), kCheckpoint, voucher.Format());
}

int64_t ModifiedNs(const Cache& cache, const char* id) {
  sys::FileStat stat;
  if (sys::StatAt(cache.directory().base(), id, &stat) != 0) return 0;
  return ToNanoseconds(stat.modified);
}

int64_t BegunNs(const Cache& cache) {
  return cache.directory().clock().File(cache.directory().base()).value()->Read().value().begun_ns;
}

void SetClock(const Cache& cache, int64_t begun_ns) {
  CHECK_OK(cache.directory().clock().File(cache.directory().base()).value()->Write({begun_ns, 0}));
}

void Put(const Cache& cache, const char* id) {
  CHECK_OK(PutImage(cache.directory(), id, Bytes("bytes")));
}

// As after a reboot: the same cache, opened by a kernel that the voucher does not name.
std::shared_ptr<const CacheDirectory> OpenAfterOtherBoot(const Cache& cache) {
  SetVoucher(cache, "other-boot", VoucherOf(cache).until_ns);
  auto directory = CacheDirectory::Open(cache.path().c_str());
  if (!directory.ok()) std::abort();
  return std::make_shared<const CacheDirectory>(std::move(directory.value()));
}

TEST("a checkpoint – images before and after it – vouches for the earlier ones alone") {
  const Cache cache;
  Put(cache, "before");
  CHECK(NeedsCheckpoint(cache.directory()).value());
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK(!NeedsCheckpoint(cache.directory()).value());
  Put(cache, "after");
  const Voucher voucher = VoucherOf(cache);
  CHECK_EQ(voucher.boot, cache.directory().boot().full_id);
  CHECK(ModifiedNs(cache, "before") <= voucher.until_ns);
  CHECK(ModifiedNs(cache, "after") > voucher.until_ns);
}

TEST("an image – clock set back by years – is later than the last checkpoint") {
  const Cache cache;
  const int64_t ahead = testing::NowNs() + 3 * 365 * 86'400 * testing::kSecond;
  SetClock(cache, ahead);
  Put(cache, "put");
  CHECK(ModifiedNs(cache, "put") > ahead);
  auto writer = cache.Claim("stream");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("bytes")));
  CHECK_OK(writer.value().Commit());
  CHECK(ModifiedNs(cache, "stream") > ahead);
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK(VoucherOf(cache).until_ns >= ModifiedNs(cache, "stream"));
}

TEST("a checkpoint – after a clock that was ahead – covers its images") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  SetClock(cache, testing::NowNs() + 1000 * testing::kSecond);
  Put(cache, "a");
  SetClock(cache, 0);
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK(VoucherOf(cache).until_ns >= ModifiedNs(cache, "a"));
}

TEST("a checkpoint – images of another process, its clock behind – covers them") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  SetClock(cache, testing::NowNs() + 1000 * testing::kSecond);
  const auto other = CacheDirectory::Open(cache.path().c_str());
  CHECK_OK(other);
  CHECK_OK(PutImage(other.value(), "a", Bytes("bytes")));
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK(VoucherOf(cache).until_ns >= ModifiedNs(cache, "a"));
}

TEST("a publication – without a clock file – puts the bytes on disk first") {
  const Cache cache;
  testing::WriteFile(cache.Path(".xattr-cache"), "in its place");
  int synced = 0;
  {
    const Faults faults([&](std::string_view call) {
      if (call == "fdatasync") synced++;
      return 0;
    });
    Put(cache, "a");
  }
  CHECK_EQ(synced, 1);
}

TEST("a publication – the clock cannot be read – puts the bytes on disk first") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  int synced = 0;
  const Faults faults([&](std::string_view call) {
    if (call == "fdatasync") synced++;
    return call == "pread64" ? EIO : 0;
  });
  Put(cache, "a");
  CHECK_EQ(synced, 1);
}

TEST("a clock – of another tool – is the farthest time, or refused by a checkpoint") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  SetClock(cache, std::numeric_limits<int64_t>::max());
  Put(cache, "a");
  CHECK(ModifiedNs(cache, "a") > testing::NowNs());
  CHECK_EQ(::unlink(cache.Path(".xattr-cache/clock").c_str()), 0);
  CHECK_EQ(::mkfifo(cache.Path(".xattr-cache/clock").c_str(), 0600), 0);
  CHECK_FAILS(MakeCheckpoint(cache.directory()), ENXIO);
  Put(cache, "b");
}

TEST("the first checkpoint – of a directory – is on disk itself, later ones are not") {
  const Cache cache;
  for (const int expected : {2, 0}) {
    int synced = 0;
    const Faults faults([&](std::string_view call) {
      if (call == "fsync") synced++;
      return 0;
    });
    CHECK_OK(MakeCheckpoint(cache.directory()));
    CHECK_EQ(synced, expected);
  }
}

TEST("a second checkpoint – while one is under way – is refused") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  const auto clock = cache.directory().clock().File(cache.directory().base());
  const auto other = ClockFile::Open(cache.directory().base());
  CHECK_OK(other);
  const auto lock = other.value().TryLock();
  CHECK_OK(lock);
  CHECK_FAILS(MakeCheckpoint(cache.directory()), EWOULDBLOCK);
}

TEST("a checkpoint – before the recovery of another boot – is refused") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  SetVoucher(cache, "other-boot", VoucherOf(cache).until_ns);
  CHECK_FAILS(MakeCheckpoint(cache.directory()), ESTALE);
}

TEST("a failed syncfs – images around the last checkpoint – drops the later ones") {
  const Cache cache;
  Put(cache, "good");
  CHECK_OK(MakeCheckpoint(cache.directory()));
  const Voucher good = VoucherOf(cache);
  Put(cache, "lost");
  cache.LeaveDeadWriter("dead", "half");
  {
    const Faults faults(testing::RefuseNth("syncfs", 1, EIO));
    const auto checkpoint = MakeCheckpoint(cache.directory());
    CHECK_OK(checkpoint);
    CHECK(checkpoint.value().failure.has_value());
    CHECK_EQ(checkpoint.value().dropped.images, 1U);
  }
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "");
  CHECK_EQ(testing::Exists(cache.Path("lost")), false);
  CHECK_EQ(testing::ReadFile(cache.Path("good")), "bytes");
  CHECK_EQ(VoucherOf(cache).until_ns, good.until_ns);
  CHECK(VoucherOf(cache).failing_since_ns > 0);
  CHECK(!VoucherOf(cache).dropping);
  const int64_t since_ns = VoucherOf(cache).failing_since_ns;
  {
    const Faults faults(testing::RefuseNth("syncfs", 1, EIO));
    CHECK_OK(MakeCheckpoint(cache.directory()));
  }
  CHECK_EQ(VoucherOf(cache).failing_since_ns, since_ns);
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK_EQ(VoucherOf(cache).failing_since_ns, 0);
}

TEST("failed writes – the process that was told dies – are handled by the next one") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  Put(cache, "lost");
  Voucher voucher = VoucherOf(cache);
  voucher.failing_since_ns = 1;
  voucher.dropping = true;
  testing::SetAttribute(cache.Path(".xattr-cache"), kCheckpoint, voucher.Format());
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK_EQ(testing::Exists(cache.Path("lost")), false);
}

TEST("failed writes – images cannot be dropped – the next checkpoint drops them") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  Put(cache, "lost");
  {
    const Faults faults([](std::string_view call) { return call == "syncfs" || call == "unlinkat" ? EIO : 0; });
    CHECK_FAILS(MakeCheckpoint(cache.directory()), EIO);
  }
  CHECK(testing::Exists(cache.Path("lost")));
  CHECK(VoucherOf(cache).dropping);
  const auto next = MakeCheckpoint(cache.directory());
  CHECK_OK(next);
  CHECK_EQ(next.value().dropped.images, 1U);
  CHECK_EQ(testing::Exists(cache.Path("lost")), false);
  CHECK(!VoucherOf(cache).dropping);
}

TEST("a writer – begun before writes failed – syncs before it publishes") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("bytes")));
  {
    const Faults faults(testing::RefuseNth("syncfs", 1, EIO));
    CHECK_OK(MakeCheckpoint(cache.directory()));
  }
  const Faults faults(testing::Refuse("fdatasync", EIO));
  CHECK_FAILS(writer.value().Commit(), EIO);
  CHECK_OK(PutImage(cache.directory(), "b", Bytes("later")));
}

TEST("a syncfs – refused by a sandbox – drops nothing") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  Put(cache, "a");
  const Faults faults(testing::Refuse("syncfs", EPERM));
  CHECK_FAILS(MakeCheckpoint(cache.directory()), EPERM);
  CHECK(testing::Exists(cache.Path("a")));
}

TEST("a corner – removed while in use – is made anew by the next checkpoint") {
  const Cache cache;
  Put(cache, "a");
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK_EQ(::unlink(cache.Path(".xattr-cache/clock").c_str()), 0);
  CHECK_EQ(::rmdir(cache.Path(".xattr-cache").c_str()), 0);
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK_EQ(VoucherOf(cache).boot, cache.directory().boot().full_id);
  CHECK_EQ(BegunNs(cache), VoucherOf(cache).until_ns);
}

TEST("doubtful images – after another boot – are misses, the others are served") {
  const Cache cache;
  Put(cache, "good");
  CHECK_OK(MakeCheckpoint(cache.directory()));
  Put(cache, "doubtful");
  // What a power cut makes of most.
  CHECK_OK(PutImage(cache.directory(), "empty", Bytes("")));
  const std::string data = cache.LeaveWriterOfOtherBoot("writing", "half");
  testing::WriteFile(cache.Path("incomplete/foreign"), "bytes");
  const auto directory = OpenAfterOtherBoot(cache);
  const auto other = CacheDirectory::Open(cache.path().c_str());
  CHECK_OK(other);
  CHECK_FAILS(OpenServedImage(other.value(), "doubtful", Waiting::kAllowed), ENOENT);
  CHECK_OK(OpenServedImage(*directory, "good", Waiting::kAllowed));
  CHECK_FAILS(OpenServedImage(*directory, "doubtful", Waiting::kAllowed), ENOENT);
  CHECK(!FindImage(*directory, "doubtful").value().cached);

  auto recovery = Recovery::Begin(directory, false);
  CHECK_OK(recovery);
  CHECK(recovery.value().has_value());
  CHECK_EQ(recovery.value()->unverifiable().size(), 2U);
  CHECK(!recovery.value()->DropNext(64).value());
  CHECK_OK(recovery.value()->Finish());
  CHECK_EQ(testing::Exists(cache.Path("doubtful")), false);
  CHECK_EQ(testing::Exists(cache.Path("empty")), false);
  CHECK_EQ(testing::Names(cache.Path("incomplete")), "foreign");
  CHECK_EQ(VoucherOf(cache).boot, directory->boot().full_id);
  Put(cache, "later");
  CHECK_OK(OpenServedImage(*directory, "later", Waiting::kAllowed));
  CHECK_OK(OpenServedImage(other.value(), "later", Waiting::kAllowed));
  CHECK(!Recovery::Begin(directory, false).value().has_value());
}

TEST("an image – copied in with an old modification – is doubtful by its birth") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  cache.AddImage("copied", "bytes", 3600);
  const auto recovery = Recovery::BeginDryRun(OpenAfterOtherBoot(cache));
  CHECK_OK(recovery);
  CHECK_EQ(recovery.value().unverifiable().size(), 1U);
}

TEST("a recovery – clock of the boot before, or set back – goes by its checkpoint") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  const int64_t ahead_ns = testing::NowNs() + 1000 * testing::kSecond;
  SetVoucher(cache, "other-boot", ahead_ns);
  SetClock(cache, ahead_ns * 2);
  auto recovery = Recovery::Begin(cache.shared(), false);
  CHECK_OK(recovery);
  int synced = 0;
  {
    const Faults faults([&](std::string_view call) {
      if (call == "fsync") synced++;
      return 0;
    });
    CHECK_OK(recovery.value()->Finish());
  }
  CHECK_EQ(VoucherOf(cache).until_ns, ahead_ns);
  CHECK_EQ(synced, 2);
}

TEST("a recovery – forced in the same boot – drops what is doubtful, and counts on") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  const int64_t ahead_ns = testing::NowNs() + 1000 * testing::kSecond;
  SetClock(cache, ahead_ns);
  Put(cache, "a");
  CHECK(!Recovery::Begin(cache.shared(), false).value().has_value());
  auto recovery = Recovery::Begin(cache.shared(), true);
  CHECK_OK(recovery);
  CHECK(!recovery.value()->DropNext(64).value());
  CHECK_OK(recovery.value()->Finish());
  CHECK_EQ(testing::Exists(cache.Path("a")), false);
  CHECK(VoucherOf(cache).until_ns > ahead_ns);
}

TEST("a doubtful image – with a digest – is left to be verified") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().RecordDigest("0 sha256-x"));
  CHECK_OK(writer.value().Commit());
  auto recovery = Recovery::Begin(OpenAfterOtherBoot(cache), false);
  CHECK_OK(recovery);
  CHECK_EQ(recovery.value()->verifiable().size(), 1U);
  CHECK_EQ(recovery.value()->unverifiable().size(), 0U);
  CHECK_OK(recovery.value()->DropVerified(0));
  CHECK_EQ(testing::Exists(cache.Path("a")), false);
}

TEST("doubtful images – times far ahead – move the checkpoint only if kept") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  const int64_t ahead_ns = testing::NowNs() + 1000 * testing::kSecond;
  Put(cache, "unverifiable");
  testing::SetTimes(cache.Path("unverifiable"), ahead_ns, ahead_ns + 2000 * testing::kSecond);
  for (const char* id : {"kept", "wrong"}) {
    auto writer = cache.Claim(id);
    CHECK_OK(writer);
    CHECK_OK(writer.value().RecordDigest("0 sha256-x"));
    CHECK_OK(writer.value().Commit());
  }
  testing::SetTimes(cache.Path("kept"), ahead_ns, ahead_ns);
  testing::SetTimes(cache.Path("wrong"), ahead_ns, ahead_ns + 2000 * testing::kSecond);
  auto recovery = Recovery::Begin(OpenAfterOtherBoot(cache), false);
  CHECK_OK(recovery);
  CHECK_EQ(recovery.value()->verifiable().size(), 2U);
  const size_t wrong = recovery.value()->verifiable().name(recovery.value()->verifiable().row(0)) == "wrong" ? 0 : 1;
  CHECK_OK(recovery.value()->DropVerified(wrong));
  CHECK(!recovery.value()->DropNext(64).value());
  CHECK_OK(recovery.value()->Finish());
  CHECK_EQ(VoucherOf(cache).until_ns, ahead_ns);
  CHECK_EQ(testing::Names(cache.path()).find("wrong"), std::string::npos);
}

TEST("images synced before publication – after another boot – are kept, copies not") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  const auto synced = CacheDirectory::Open(cache.path().c_str(), Publishing::kSynced);
  CHECK_OK(synced);
  CHECK_OK(PutImage(synced.value(), "a", Bytes("bytes")));
  cache.AddImage("copy", "bytes");
  testing::SetAttribute(cache.Path("copy"), kSyncedAttribute,
                        testing::Attribute(cache.Path("a"), kSyncedAttribute).value_or(""));
  const auto recovery = Recovery::BeginDryRun(OpenAfterOtherBoot(cache));
  CHECK_OK(recovery);
  CHECK_EQ(recovery.value().unverifiable().size(), 1U);
}

TEST("a synced image – its bytes cannot reach the disk – is not published") {
  const Cache cache;
  const auto synced = CacheDirectory::Open(cache.path().c_str(), Publishing::kSynced);
  CHECK_OK(synced);
  const Faults faults(testing::Refuse("fdatasync", EIO));
  CHECK_FAILS(PutImage(synced.value(), "a", Bytes("bytes")), EIO);
}

TEST("doubtful images – thousands, some synced – are counted as they are listed") {
  const Cache cache;
  const auto synced = CacheDirectory::Open(cache.path().c_str(), Publishing::kSynced);
  CHECK_OK(synced);
  CHECK_OK(PutImage(synced.value(), "synced", Bytes("bytes")));
  cache.AddImage("old", "333", 100);
  for (size_t i = 0; i < 3'000; i++)
    testing::WriteFile(cache.Path("image-with-a-long-name-" + std::to_string(i)), "22");
  const auto found = FindDoubtful(cache.directory(), 0);
  CHECK_OK(found);
  const auto counted = CountDoubtful(cache.directory(), 0);
  CHECK_OK(counted);
  CHECK_EQ(counted.value().images, 3'001U);
  CHECK_EQ(counted.value().bytes, 6'003U);
  CHECK_EQ(found.value().images.size(), counted.value().images);
  CHECK_EQ(CountDoubtful(cache.directory(), std::numeric_limits<int64_t>::max()).value().images, 0U);
}

TEST("a doubtful image – replaced before it is dropped – stays") {
  const Cache cache;
  Put(cache, "a");
  const auto found = FindDoubtful(cache.directory(), 0);
  CHECK_OK(found);
  Put(cache, "a");
  CHECK(!Drop(cache.directory(), "a", found.value().images.row(0)).value());
  CHECK(testing::Exists(cache.Path("a")));
}

TEST("a synced stream – as it comes – syncs every 4 MiB, and fails with that") {
  const Cache cache;
  auto directory = CacheDirectory::Open(cache.path().c_str(), Publishing::kSynced);
  CHECK_OK(directory);
  const auto shared = std::make_shared<const CacheDirectory>(std::move(directory.value()));
  auto writer = ImageWriter::Claim(shared, "a", {});
  CHECK_OK(writer);
  const std::string chunk(1 << 20, 'x');
  const Faults faults(testing::RefuseNth("fdatasync", 1, EIO));
  for (int i = 0; i < 3; i++) CHECK_OK(writer.value().Write(Bytes(chunk)));
  CHECK_FAILS(writer.value().Write(Bytes(chunk)), EIO);
  CHECK_FAILS(writer.value().Commit(), EIO);
}

TEST("the directory of an older version – first checkpoint – covers its images") {
  const Cache cache;
  cache.AddImage("old", "bytes");
  testing::SetTimes(cache.Path("old"), testing::NowNs(), testing::NowNs() + 1000 * testing::kSecond);
  CHECK_OK(MakeCheckpoint(cache.directory()));
  CHECK(VoucherOf(cache).until_ns >= ModifiedNs(cache, "old"));
}

TEST("the directory of an older version – first use – its images are trusted") {
  const Cache cache;
  cache.AddImage("old", "bytes");
  testing::SetTimes(cache.Path("old"), testing::NowNs(), testing::NowNs() + 1000 * testing::kSecond);
  CHECK_EQ(FindRecoveryNeed(cache.directory()).value(), RecoveryNeed::kFirstUse);
  auto recovery = Recovery::Begin(cache.shared(), false);
  CHECK_OK(recovery);
  CHECK_OK(recovery.value()->Finish());
  CHECK(VoucherOf(cache).until_ns >= ModifiedNs(cache, "old"));
  CHECK_EQ(FindRecoveryNeed(cache.directory()).value(), RecoveryNeed::kNone);
}

TEST("a voucher – later version or malformed – is refused, or vouches for nothing") {
  const Cache cache;
  CHECK_OK(MakeCheckpoint(cache.directory()));
  testing::SetAttribute(cache.Path(".xattr-cache"), kCheckpoint, "2 something else");
  CHECK_FAILS(CacheDirectory::Open(cache.path().c_str()), EPROTONOSUPPORT);
  testing::SetAttribute(cache.Path(".xattr-cache"), kCheckpoint, "garbage");
  CHECK_EQ(FindRecoveryNeed(cache.directory()).value(), RecoveryNeed::kOtherBoot);
  CHECK(VoucherOf(cache).until_ns < 0);
}

// "a" is vouched for, "lost" is not, and each step of what is swept may fail or die.
void PrepareBoot(testing::Scene& scene, const std::string& boot) {
  sys::FileStat stat;
  if (sys::StatAt(scene.cache.directory().base(), "a", &stat) == 0) {
    SetVoucher(scene.cache, boot, LatestChange(stat));
  }
  scene.cache.AddImage("lost", "lost");
}

void ExpectNoWrongVoucher(testing::Scene& scene) {
  if (scene.excused) return;  // It seemed to be gone.
  const bool lost = testing::Exists(scene.cache.Path("lost"));
  const Voucher voucher = VoucherOf(scene.cache);
  scene.Expect(!lost || voucher.boot != scene.cache.directory().boot().full_id, "a doubtful image is vouched for");
}

TEST("a recovery – each call fails once – can be done again") {
  testing::Operation recover;
  recover.name = "recover";
  recover.before = "old";
  recover.after = "old";
  recover.prepare = [](testing::Scene& scene) { PrepareBoot(scene, "other-boot"); };
  recover.run = [](testing::Scene& scene) {
    auto recovery = Recovery::Begin(scene.cache.shared(), false);
    if (!scene.Note(recovery) || !recovery.value().has_value()) return;
    if (!scene.Note(recovery.value()->DropNext(64))) return;
    (void)scene.Note(recovery.value()->Finish());
  };
  recover.finish = ExpectNoWrongVoucher;
  // A name that seems to be gone is passed over.
  recover.excused = testing::kGone;
  testing::Sweep("recoveries", {recover});
}

TEST("a checkpoint – each call fails once – can be made again") {
  testing::Operation checkpoint;
  checkpoint.name = "checkpoint";
  checkpoint.before = "old";
  checkpoint.after = "old";
  checkpoint.prepare = [](testing::Scene& scene) { PrepareBoot(scene, scene.cache.directory().boot().full_id); };
  checkpoint.run = [](testing::Scene& scene) { (void)scene.Note(MakeCheckpoint(scene.cache.directory())); };
  testing::Sweep("checkpoints", {checkpoint});
}

}  // namespace
}  // namespace xattr_cache
