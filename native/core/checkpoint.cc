#include "core/checkpoint.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "core/reaper.h"
#include "posix/file_times.h"
#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

int64_t WallClockNs() {
  return ToNanoseconds(sys::Now());
}

// Whether an image can be later by a second, the coarsest step of file times.
bool HoldsLater(const ClockFile& clock, int64_t time_ns) {
  const int64_t later_ns = time_ns + kNanosecondsPerSecond;
  return later_ns < kSafeTimesEndNs || clock.HoldsTime(later_ns);
}

// Whether a call was refused, as opposed to writes that failed.
bool IsRefused(int code) {
  return code == ENOSYS || code == EPERM || code == EACCES || code == EBADF || code == ENOMEM;
}

// Data of writers that died goes, too: a take-over would copy it.
Status DropWhatMayBeDamaged(const CacheDirectory& directory, int64_t until_ns, Tally* dropped) {
  const auto doubtful = FindDoubtful(directory, until_ns);
  if (!doubtful.ok()) return doubtful.error();
  const ImageList& images = doubtful.value().images;
  for (size_t i = 0; i < images.size(); i++) {
    const ImageRow& row = images.row(i);
    const auto gone = Drop(directory, images.c_name(row), row);
    if (!gone.ok()) return gone.error();
    if (gone.value()) dropped->Add(row);
  }
  const auto reaped = ReapStalled(directory, std::numeric_limits<double>::infinity(), {});
  if (!reaped.ok()) return reaped.error();
  return Done{};
}

// Those whose bytes were on their way look at them again before they publish them.
Status WarnWriters(const ClockFile& clock) {
  auto reading = clock.Read();
  if (!reading.ok()) return reading.error();
  reading.value().failed_ns = ToNanoseconds(sys::SinceBoot());
  return clock.Write(reading.value());
}

// The kernel has said once that writes failed, and will vouch for them the next time.  First of all it is noted down,
// so that a process that goes on where this one dies does what is left.
Result<Checkpoint> HandleFailure(const CacheDirectory& directory, const ClockFile& clock, Voucher voucher,
                                 const SysError& failure) {
  if (voucher.failing_since_ns == 0) voucher.failing_since_ns = WallClockNs();
  voucher.dropping = true;
  const Status noted = voucher.Write(clock.corner());
  const Status warned = WarnWriters(clock);

  Checkpoint checkpoint{failure, {}};
  const Status dropped = DropWhatMayBeDamaged(directory, voucher.until_ns, &checkpoint.dropped);
  for (const Status& step : {noted, warned, dropped}) {
    if (!step.ok()) return step.error();
  }
  voucher.dropping = false;
  const Status done = voucher.Write(clock.corner());
  if (!done.ok()) return done.error();
  return checkpoint;
}

Result<Checkpoint> MakeFirstCheckpoint(const CacheDirectory& directory, const ClockFile& clock,
                                       const ClockReading& reading) {
  // All of an older version's images are trusted, those of a clock that was ahead included.
  const auto all = FindDoubtful(directory, std::numeric_limits<int64_t>::max());
  if (!all.ok()) return all.error();
  const Status vouched = Vouch(directory, clock, reading, all.value().latest_trusted_ns);
  if (!vouched.ok()) return vouched.error();
  const Status synced = SyncVoucher(directory, clock);
  if (!synced.ok()) return synced.error();
  return Checkpoint{};
}

}  // namespace

Status Vouch(const CacheDirectory& directory, const ClockFile& clock, const ClockReading& before, int64_t at_least_ns) {
  int64_t until_ns = std::max({WallClockNs(), before.begun_ns + 1, directory.clock().latest_ns()});
  // Images published later have to be later than this.
  if (!HoldsLater(clock, until_ns)) return SysError{EOVERFLOW, "utimensat"};
  if (HoldsLater(clock, at_least_ns)) until_ns = std::max(until_ns, at_least_ns);
  const Status begun = clock.Write({until_ns, before.failed_ns});
  if (!begun.ok()) return begun.error();
  if (sys::SyncFileSystem(directory.base()) != 0) return SysError::Last("syncfs");
  Voucher voucher;
  voucher.boot = directory.boot().full_id;
  voucher.until_ns = until_ns;
  return voucher.Write(clock.corner());
}

Status SyncVoucher(const CacheDirectory& directory, const ClockFile& clock) {
  for (const int fd : {clock.corner(), directory.base()}) {
    if (sys::SyncFile(fd) != 0) return SysError::Last("fsync");
  }
  return Done{};
}

Result<Checkpoint> MakeCheckpoint(const CacheDirectory& directory) {
  const auto clock = directory.clock().FreshFile(directory.base());
  if (!clock.ok()) return clock.error();
  const auto lock = clock.value()->TryLock();
  if (!lock.ok()) return lock.error();
  const auto voucher = Voucher::Read(clock.value()->corner());
  if (!voucher.ok()) return voucher.error();
  const auto reading = clock.value()->Read();
  if (!reading.ok()) return reading.error();
  if (!voucher.value().has_value()) return MakeFirstCheckpoint(directory, *clock.value(), reading.value());

  const Voucher& before = *voucher.value();
  if (before.boot != directory.boot().full_id) return SysError{ESTALE, "fgetxattr"};
  // What another process heard, and died over.
  if (before.dropping) return HandleFailure(directory, *clock.value(), before, {EIO, "syncfs"});
  const Status vouched = Vouch(directory, *clock.value(), reading.value(), 0);
  if (vouched.ok()) return Checkpoint{};
  const bool heard = std::string_view(vouched.error().syscall) == "syncfs" && !IsRefused(vouched.error().code);
  if (!heard) return vouched.error();
  return HandleFailure(directory, *clock.value(), before, vouched.error());
}

Result<bool> NeedsCheckpoint(const CacheDirectory& directory) {
  const auto clock = directory.clock().FreshFile(directory.base());
  if (!clock.ok()) return clock.error();
  const auto voucher = Voucher::Read(clock.value()->corner());
  if (!voucher.ok()) return voucher.error();
  if (!voucher.value().has_value() || voucher.value()->boot != directory.boot().full_id) return true;
  return voucher.value()->dropping || voucher.value()->until_ns < directory.clock().latest_ns();
}

Result<CheckpointState> ReadCheckpointState(const CacheDirectory& directory) {
  CheckpointState state;
  auto voucher = Voucher::ReadIn(directory.base());
  if (!voucher.ok()) return voucher.error();
  state.voucher = std::move(voucher.value());
  state.own_boot = state.voucher.has_value() && state.voucher->boot == directory.boot().full_id;
  const int64_t until_ns = state.voucher.has_value() ? state.voucher->until_ns : std::numeric_limits<int64_t>::min();
  const auto doubtful = CountDoubtful(directory, until_ns);
  if (!doubtful.ok()) return doubtful.error();
  state.doubtful = doubtful.value();
  return state;
}

Status SyncCheckpoint(const CacheDirectory& directory) {
  const auto clock = directory.clock().FreshFile(directory.base());
  if (!clock.ok()) return clock.error();
  return SyncVoucher(directory, *clock.value());
}

Status SyncWithoutVoucher(const CacheDirectory& directory) {
  if (sys::SyncFileSystem(directory.base()) != 0) return SysError::Last("syncfs");
  return Done{};
}

}  // namespace xattr_cache
