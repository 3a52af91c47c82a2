#include "core/recovery.h"

#include <algorithm>
#include <vector>

#include "core/checkpoint.h"
#include "core/image_reader.h"
#include "core/private_name.h"
#include "core/voucher.h"
#include "core/writer_mark.h"
#include "posix/directory_walk.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

// False also for one that cannot be looked at: it is dropped then.
bool HasDigest(const CacheDirectory& directory, const char* id) {
  const auto image = OpenImageFile(directory, id, Waiting::kAllowed);
  if (!image.ok()) return false;
  const auto digest = ReadAttribute(image.value().fd.get(), kDigestAttribute);
  return digest.ok() && digest.value().has_value();
}

// Data or the token of a writer of ours.  It is dead: no writer of this boot has begun.
bool IsLeftOver(const CacheDirectory& directory, const std::string& name) {
  if (IsPrivateName(name)) return true;
  const UniqueFd token(sys::OpenAt(directory.incomplete(), name.c_str(), sys::kReadExisting));
  if (!token.valid()) return false;
  const auto mark = WriterMark::Read(token.get());
  return mark.ok() && mark.value().has_value();
}

Status ClearIncomplete(const CacheDirectory& directory) {
  auto walk = DirectoryWalk::Open(directory.incomplete());
  if (!walk.ok()) return walk.error();
  std::vector<std::string> names;
  while (true) {
    const auto entry = walk.value().Next();
    if (!entry.ok()) return entry.error();
    if (!entry.value().has_value()) break;
    if (entry.value()->MaybeRegular()) names.emplace_back(entry.value()->view());
  }
  for (const std::string& name : names) {
    if (!IsLeftOver(directory, name)) continue;
    const auto gone = Unlink(directory.incomplete(), name.c_str());
    if (!gone.ok()) return gone.error();
  }
  return Done{};
}

}  // namespace

Result<RecoveryNeed> FindRecoveryNeed(const CacheDirectory& directory) {
  const auto voucher = Voucher::ReadIn(directory.base());
  if (!voucher.ok()) {
    if (IsImpossible(voucher.error())) return RecoveryNeed::kImpossible;
    return voucher.error();
  }
  if (!voucher.value().has_value()) return RecoveryNeed::kFirstUse;
  return voucher.value()->boot == directory.boot().full_id ? RecoveryNeed::kNone : RecoveryNeed::kOtherBoot;
}

Result<std::optional<Recovery>> Recovery::Begin(std::shared_ptr<const CacheDirectory> directory, bool forced) {
  const auto clock = directory->clock().FreshFile(directory->base());
  if (!clock.ok()) return clock.error();
  auto lock = clock.value()->TryLock();
  if (!lock.ok()) return lock.error();
  const auto voucher = Voucher::Read(clock.value()->corner());
  if (!voucher.ok()) return voucher.error();

  Recovery recovery(std::move(directory));
  recovery.clock_ = clock.value();
  recovery.lock_ = std::move(lock.value());
  if (voucher.value().has_value()) {
    const bool same_boot = voucher.value()->boot == recovery.directory_->boot().full_id;
    if (same_boot && !forced) return std::optional<Recovery>();
    recovery.since_ns_ = voucher.value()->until_ns;
    recovery.kind_ = same_boot ? Kind::kForced : Kind::kOtherBoot;
  }
  const Status walked = recovery.Walk();
  if (!walked.ok()) return walked.error();
  return std::optional(std::move(recovery));
}

Result<Recovery> Recovery::BeginDryRun(std::shared_ptr<const CacheDirectory> directory) {
  const auto voucher = Voucher::ReadIn(directory->base());
  if (!voucher.ok()) return voucher.error();
  Recovery recovery(std::move(directory));
  if (!voucher.value().has_value()) return recovery;
  recovery.since_ns_ = voucher.value()->until_ns;
  const Status walked = recovery.Walk();
  if (!walked.ok()) return walked.error();
  return recovery;
}

Status Recovery::Walk() {
  const auto doubtful = FindDoubtful(*directory_, since_ns_);
  if (!doubtful.ok()) return doubtful.error();
  latest_kept_ns_ = doubtful.value().latest_trusted_ns;
  const ImageList& images = doubtful.value().images;
  for (size_t i = 0; i < images.size(); i++) {
    const ImageRow& row = images.row(i);
    ImageList& list = HasDigest(*directory_, images.c_name(row)) ? verifiable_ : unverifiable_;
    list.Add(images.name(row), row);
  }
  return Done{};
}

Status Recovery::DropRow(const ImageList& images, size_t n) {
  const ImageRow& row = images.row(n);
  const auto gone = Drop(*directory_, images.c_name(row), row);
  if (!gone.ok()) return gone.error();
  return Done{};
}

Result<bool> Recovery::DropNext(size_t limit) {
  for (size_t i = 0; i < limit && next_ < unverifiable_.size(); i++, next_++) {
    const Status dropped = DropRow(unverifiable_, next_);
    if (!dropped.ok()) return dropped.error();
  }
  return next_ < unverifiable_.size();
}

Status Recovery::DropVerified(size_t n) {
  if (n >= verifiable_.size()) return Done{};
  wrong_.insert(n);
  return DropRow(verifiable_, n);
}

// Images that were dropped do not count: the time of one may be later than any that can be vouched for.
int64_t Recovery::LatestKept() const {
  if (kind_ == Kind::kFirstUse) return latest_kept_ns_;
  int64_t latest_ns = std::max(since_ns_, latest_kept_ns_);
  for (size_t i = 0; i < verifiable_.size(); i++) {
    const ImageRow& row = verifiable_.row(i);
    if (!wrong_.contains(i)) latest_ns = std::max({latest_ns, row.modified_ns, row.born_ns});
  }
  return latest_ns;
}

Status Recovery::Finish() {
  // Nothing has gone by the clock since another boot, so what it holds does not count.
  ClockReading before;
  if (kind_ != Kind::kOtherBoot) {
    const auto reading = clock_->Read();
    if (!reading.ok()) return reading.error();
    before = reading.value();
  }
  if (kind_ == Kind::kOtherBoot) {
    const Status cleared = ClearIncomplete(*directory_);
    if (!cleared.ok()) return cleared.error();
  }
  const Status vouched = Vouch(*directory_, *clock_, before, LatestKept());
  if (!vouched.ok()) return vouched.error();
  const Status synced = SyncVoucher(*directory_, *clock_);
  if (!synced.ok()) return synced.error();
  lock_.reset();
  return Done{};
}

}  // namespace xattr_cache
