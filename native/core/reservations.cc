#include "core/reservations.h"

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/corner.h"
#include "posix/file_times.h"
#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

constexpr char kFileName[] = "reservations";
constexpr size_t kRecordSize = 128;
// A record that is read while it is written has a wrong checksum for less than a microsecond.
constexpr int kReadsOfTornRecord = 16;
constexpr uint64_t kBootOfTornSlot = UINT64_MAX;
// A process that waits repeats so, and one without locks proves so that it lives.
constexpr int64_t kWaiterSilenceNs = 2 * kNanosecondsPerSecond;
constexpr int64_t kLocklessSilenceNs = 60 * kNanosecondsPerSecond;
// Foreign writers reserve nothing, so the cache is walked so often while others write.
constexpr int64_t kLongestTrustInWalkNs = 60 * kNanosecondsPerSecond;
constexpr uint64_t kLargestGrowth = uint64_t{4} << 20;
constexpr uint64_t kGrowthSteps = 64;  // of the limit
constexpr int64_t kMinuteNs = 60 * kNanosecondsPerSecond;

int64_t NowNs() {
  return ToNanoseconds(sys::SinceBoot());
}

// FNV-1a over words: a slot is summed for each reservation.  Bytes behind the last whole word do not count.
uint64_t Hash(const void* data, size_t size) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, static_cast<const char*>(data) + i, sizeof(word));
    hash = (hash ^ word) * 0x100000001b3;
  }
  return hash;
}

template <typename Record>
uint64_t ChecksumOf(const Record& record) {
  return Hash(reinterpret_cast<const char*>(&record) + sizeof(record.checksum),
              sizeof(record) - sizeof(record.checksum)) |
         1;  // Never that of an empty record.
}

template <typename Record>
bool IsWhole(const Record& record) {
  return record.checksum == ChecksumOf(record);
}

template <typename Record>
bool IsEmpty(const Record& record) {
  return record.checksum == 0;
}

off_t PlaceOf(size_t index) {
  return static_cast<off_t>(index * kRecordSize);
}

uint64_t Subtract(uint64_t value, uint64_t other) {
  return value > other ? value - other : 0;
}

bool LocksAreMissing(int code) {
  return code == ENOSYS || code == EINVAL || code == EOPNOTSUPP || code == ENOLCK;
}

bool IsFull(const SysError& error) {
  return error.code == ENOSPC || error.code == EDQUOT;
}

}  // namespace

// Over all live slots.
struct Reservations::Sums {
  Limits limits;
  Space reserved;
  Space committed;
  Space wanted;
  uint64_t unwritten = 0;
  int64_t waits_since_ns = 0;  // the longest wait of another process; 0: none
  bool torn = false;           // what a process has reserved cannot be read
};

Reservations::Reservations(std::string_view boot_id) : boot_(Hash(boot_id.data(), boot_id.size())) {}

void Reservations::SetLimits(int base, const Limits& limits, double high_watermark) {
  const std::scoped_lock guard(mutex_);
  limits_ = limits;
  high_watermark_ = high_watermark;
  limited_.store(!limits.none());
  if (own_ != 0 && Open(base, Use::kSlot).ok()) (void)WriteSlot();
}

double Reservations::high_watermark() const {
  const std::scoped_lock guard(mutex_);
  return high_watermark_;
}

uint64_t Reservations::growth() const {
  const std::scoped_lock guard(mutex_);
  return std::clamp(limits_.bytes / kGrowthSteps, uint64_t{1}, kLargestGrowth);
}

Result<Verdict> Reservations::Reserve(int base, const Space& space, const Space& own, int64_t since_ns) {
  const std::scoped_lock guard(mutex_);
  if (space.bytes > Subtract(limits_.bytes, own.bytes) || space.images > limits_.images) return Verdict::kTooLarge;
  const auto full_if = [](const SysError& error) -> Result<Verdict> {
    return IsFull(error) ? Result<Verdict>(Verdict::kFull) : error;
  };
  const Status opened = Open(base, Use::kSlot);
  if (!opened.ok()) return full_if(opened.error());

  const auto add = [&] {
    slot_.reserved_bytes += space.bytes;
    slot_.reserved_images += space.images;
    slot_.unwritten_bytes += space.bytes;
    return WriteSlot();
  };
  const auto take_back = [&] {
    slot_.reserved_bytes -= space.bytes;
    slot_.reserved_images -= space.images;
    slot_.unwritten_bytes -= space.bytes;
    if (!WriteSlot().ok()) LetGo();
  };
  const Status added = add();
  if (!added.ok()) {
    take_back();
    return full_if(added.error());
  }
  for (bool retired = false;; retired = true) {
    Balance balance;
    Status read = ReadAll();
    if (read.ok()) read = MeasureFileSystem(base, &balance);
    if (!read.ok()) {
      take_back();
      return read.error();
    }
    const Sums sums = Sum(/*waiters=*/false);
    balance.limits = sums.limits;
    balance.reserved = sums.reserved;
    balance.unwritten = sums.unwritten;
    balance.held = HeldBy(sums);
    Verdict verdict = known() ? Judge(balance) : Verdict::kUnknown;
    const bool behind = sums.waits_since_ns != 0 && (since_ns == 0 || sums.waits_since_ns < since_ns);
    if (behind && HasRoom(verdict)) verdict = Verdict::kBehind;
    if (sums.torn && HasRoom(verdict)) verdict = Verdict::kFull;
    if (HasRoom(verdict)) return verdict;
    // Dead processes keep nothing; found out where it matters.
    if (!retired) {
      const auto any = RetireDead();
      if (any.ok() && any.value()) continue;
    }
    take_back();
    if (verdict == Verdict::kFull && !CanFit(balance, own, space)) return Verdict::kTooLarge;
    return verdict;
  }
}

void Reservations::Allocated(int base, uint64_t bytes) {
  const std::scoped_lock guard(mutex_);
  slot_.unwritten_bytes = Subtract(slot_.unwritten_bytes, bytes);
  Tell(base);
}

void Reservations::Settle(int base, const Space& reserved, uint64_t unwritten, const Space& committed) {
  const std::scoped_lock guard(mutex_);
  slot_.reserved_bytes = Subtract(slot_.reserved_bytes, reserved.bytes);
  slot_.reserved_images = Subtract(slot_.reserved_images, reserved.images);
  slot_.unwritten_bytes = Subtract(slot_.unwritten_bytes, unwritten);
  slot_.committed_bytes += committed.bytes;
  slot_.committed_images += committed.images;
  Tell(base);
}

Status Reservations::Wait(int base, int64_t since_ns, const Space& space) {
  const std::scoped_lock guard(mutex_);
  Status opened = Open(base, Use::kSlot);
  if (!opened.ok()) return opened;
  slot_.waits_since_ns = since_ns;
  slot_.waits_seen_ns = since_ns == 0 ? 0 : NowNs();
  slot_.wanted_bytes = space.bytes;
  slot_.wanted_images = space.images;
  return WriteSlot();
}

Result<std::optional<Balance>> Reservations::Measure(int base) {
  const std::scoped_lock guard(mutex_);
  const Status opened = Open(base, Use::kLook);
  if (!opened.ok()) return opened.error();
  auto read = ReadAll();
  if (!read.ok()) return read.error();
  const auto retired = RetireDead();
  if (!retired.ok()) return retired.error();
  if (retired.value()) read = ReadAll();
  if (!read.ok()) return read.error();

  Balance balance;
  const Status measured = MeasureFileSystem(base, &balance);
  if (!measured.ok()) return measured.error();
  const Sums sums = Sum(/*waiters=*/true);
  balance.limits = sums.limits;
  balance.reserved = sums.reserved;
  balance.unwritten = sums.unwritten;
  balance.wanted = sums.wanted;
  balance.held = HeldBy(sums);
  if (!known()) return std::optional<Balance>();
  return std::optional(balance);
}

Result<Reservations::WalkMark> Reservations::BeginWalk(int base) {
  const std::scoped_lock guard(mutex_);
  const Status opened = Open(base, Use::kMake);
  if (!opened.ok()) return opened.error();
  Status read = ReadAll();
  if (!read.ok()) return read.error();
  const auto retired = RetireDead();
  if (!retired.ok()) return retired.error();
  if (retired.value()) read = ReadAll();
  if (!read.ok()) return read.error();
  return WalkMark{Sum(/*waiters=*/false).committed};
}

Status Reservations::Found(int base, const WalkMark& mark, const Space& held) {
  const std::scoped_lock guard(mutex_);
  Status opened = Open(base, Use::kMake);
  if (opened.ok()) opened = ReadAll();
  if (!opened.ok()) return opened;
  Header header = header_;
  header.boot = boot_;
  header.walked_ns = NowNs();
  header.found_bytes = held.bytes;
  header.found_images = held.images;
  header.base_bytes = mark.committed.bytes;
  header.base_images = mark.committed.images;
  header.removed_bytes = 0;
  header.removed_images = 0;
  return WriteHeader(header);
}

Status Reservations::Removed(int base, const Space& removed, int64_t age_ns) {
  const std::scoped_lock guard(mutex_);
  Status opened = Open(base, Use::kLook);
  if (opened.failed_with(ENOENT)) return Done{};
  if (opened.ok()) opened = ReadAll();
  if (!opened.ok()) return opened;
  Header header = header_;
  if (header.boot != boot_) {
    header = {};
    header.boot = boot_;
    header.evicted_bytes = header_.evicted_bytes;
    header.evicted_images = header_.evicted_images;
  }
  header.removed_bytes += removed.bytes;
  header.removed_images += removed.images;
  header.evicted_bytes += removed.bytes;
  header.evicted_images += removed.images;
  const int64_t now_ns = NowNs();
  const int64_t minutes = (now_ns - header.minute_ns) / kMinuteNs;
  if (minutes != 0) {
    header.in_last_minute = minutes == 1 ? header.in_minute : 0;
    header.last_youngest_ns = minutes == 1 ? header.youngest_ns : -1;
    header.in_minute = 0;
    header.youngest_ns = -1;
    header.minute_ns = now_ns / kMinuteNs * kMinuteNs;
  }
  header.in_minute += removed.images;
  header.youngest_ns = header.youngest_ns < 0 ? age_ns : std::min(header.youngest_ns, age_ns);
  return WriteHeader(header);
}

Result<EvictionTotals> Reservations::Totals(int base) {
  const std::scoped_lock guard(mutex_);
  Status opened = Open(base, Use::kLook);
  if (opened.ok()) opened = ReadAll();
  if (!opened.ok()) return opened.error();
  EvictionTotals totals{.images = header_.evicted_images, .bytes = header_.evicted_bytes};
  const int64_t minutes = (NowNs() - header_.minute_ns) / kMinuteNs;
  if (header_.boot != boot_ || minutes > 1) return totals;
  const bool next = minutes == 1;
  totals.last_minute = next ? header_.in_minute : std::max(header_.in_last_minute, header_.in_minute);
  totals.youngest_age_ns = header_.youngest_ns;
  if (!next && header_.in_minute == 0) totals.youngest_age_ns = header_.last_youngest_ns;
  return totals;
}

// Opens the file if it is not open, or was removed, which is noticed within a second.
Status Reservations::Open(int base, Use use) {
  const int64_t now_ns = NowNs();
  if (file_.valid() && (own_ != 0 || use != Use::kSlot)) {
    if (now_ns - looked_ns_ < kNanosecondsPerSecond) return Done{};
    looked_ns_ = now_ns;
    sys::FileStat stat;
    if (sys::Stat(file_.get(), &stat) == 0 && stat.links > 0) return Done{};
  }
  const bool had_slot = own_ != 0;
  LetGo();
  const auto corner = Corner::Open(base);
  if (!corner.ok()) return corner.error();
  auto file = use == Use::kLook && !had_slot ? corner.value().OpenFile(kFileName, O_RDWR)
                                             : corner.value().OpenShared(base, kFileName, O_RDWR);
  if (!file.ok()) return file.error();
  sys::FileStat opened;
  if (sys::Stat(file.value().get(), &opened) != 0) return SysError::Last("statx");
  // A device would forget what is written, and a file with another name would lose its content.
  if (!opened.regular() || opened.links > 1) return SysError{ENXIO, "openat"};
  file_ = std::move(file.value());
  looked_ns_ = now_ns;
  if (use != Use::kSlot && !had_slot) return Done{};
  Status taken = TakeSlot();
  if (!taken.ok()) LetGo();
  return taken;
}

// Frees the slot: what was reserved in it counts as committed, for other processes.
void Reservations::LetGo() {
  own_ = 0;
  file_.Reset();
}

// Writes the slot.  One that cannot be written would keep what this process gives back.
void Reservations::Tell(int base) {
  if (!Open(base, Use::kSlot).ok() || !WriteSlot().ok()) LetGo();
}

// Takes the first slot that no process has locked.  Reservations of its last owner may have become images.
Status Reservations::TakeSlot() {
  for (size_t index = 1; index <= kSlots; index++) {
    if (sys::LockRange(file_.get(), PlaceOf(index), kRecordSize) != 0) {
      if (errno == EAGAIN || errno == EACCES) continue;
      if (!LocksAreMissing(errno)) return SysError::Last("fcntl");
      has_locks_ = false;
    }
    Slot before{};
    const bool whole = ReadRecord(index, &before);
    if (!has_locks_ && whole && before.boot == boot_ && NowNs() - before.seen_ns < kLocklessSilenceNs) continue;
    own_ = index;
    slot_.committed_bytes = before.committed_bytes + before.reserved_bytes;
    slot_.committed_images = before.committed_images + before.reserved_images;
    return WriteSlot();
  }
  return SysError{EUSERS, "fcntl"};
}

Status Reservations::WriteSlot() {
  slot_.boot = boot_;
  slot_.seen_ns = NowNs();
  slot_.limit_bytes = limits_.bytes;
  slot_.limit_images = limits_.images;
  slot_.limit_free_bytes = limits_.free_bytes;
  slot_.limit_free_inodes = limits_.free_inodes;
  slot_.checksum = ChecksumOf(slot_);
  const ssize_t written = sys::WriteAt(file_.get(), &slot_, sizeof(slot_), PlaceOf(own_));
  if (written < 0) return SysError::Last("pwrite64");
  if (written != sizeof(slot_)) return SysError{EIO, "pwrite64"};
  return Done{};
}

Status Reservations::WriteHeader(Header header) {
  header.checksum = ChecksumOf(header);
  const ssize_t written = sys::WriteAt(file_.get(), &header, sizeof(header), 0);
  if (written < 0) return SysError::Last("pwrite64");
  if (written != sizeof(header)) return SysError{EIO, "pwrite64"};
  header_ = header;
  return Done{};
}

// Reads a record that may be under way.  False: it is empty or nonsense, and `record` is zeros.
template <typename Record>
bool Reservations::ReadRecord(size_t index, Record* record) {
  for (int i = 0; i < kReadsOfTornRecord; i++) {
    if (sys::ReadAt(file_.get(), record, sizeof(*record), PlaceOf(index)) != sizeof(*record)) break;
    if (IsWhole(*record)) return true;
    if (IsEmpty(*record)) break;
  }
  *record = {};
  return false;
}

Status Reservations::ReadAll() {
  const ssize_t size = sys::ReadAt(file_.get(), slots_.data(), sizeof(slots_), 0);
  if (size < 0) return SysError::Last("pread64");
  count_ = static_cast<size_t>(size) / kRecordSize;
  for (size_t i = 1; i < count_; i++) {
    if (IsEmpty(slots_[i]) || IsWhole(slots_[i]) || ReadRecord(i, &slots_[i])) continue;
    slots_[i].boot = kBootOfTornSlot;
  }
  header_ = count_ > 0 ? std::bit_cast<Header>(slots_[0]) : Header{};
  if (!IsWhole(header_)) (void)ReadRecord(0, &header_);
  if (own_ != 0) KeepOwnSlot();
  return Done{};
}

// Writes the own slot again where the file was cut short or overwritten.
void Reservations::KeepOwnSlot() {
  for (; count_ <= own_; count_++) slots_[count_] = {};
  if (std::memcmp(&slots_[own_], &slot_, sizeof(slot_)) != 0) (void)WriteSlot();
}

bool Reservations::IsLive(size_t slot) {
  if (slot == own_) return true;
  if (slots_[slot].boot != boot_) return false;
  if (!has_locks_) return NowNs() - slots_[slot].seen_ns < kLocklessSilenceNs;
  return sys::IsRangeLocked(file_.get(), PlaceOf(slot), kRecordSize) != 0;
}

// Frees the slots of dead processes.  What they had reserved counts as committed until the next walk.  Returns whether
// there were any.
Result<bool> Reservations::RetireDead() {
  bool any = false;
  for (size_t i = 1; i < count_; i++) {
    if (slots_[i].boot == 0 || IsLive(i)) continue;
    if (has_locks_ && sys::LockRange(file_.get(), PlaceOf(i), kRecordSize) != 0) continue;  // A new owner is faster.
    Slot dead{};
    (void)ReadRecord(i, &dead);
    Slot freed{};
    freed.committed_bytes = dead.committed_bytes + dead.reserved_bytes;
    freed.committed_images = dead.committed_images + dead.reserved_images;
    freed.checksum = ChecksumOf(freed);
    const ssize_t written = sys::WriteAt(file_.get(), &freed, sizeof(freed), PlaceOf(i));
    const SysError problem = SysError::Last("pwrite64");
    if (has_locks_) (void)sys::UnlockRange(file_.get(), PlaceOf(i), kRecordSize);
    if (written < 0) return problem;
    any = true;
  }
  return any;
}

Reservations::Sums Reservations::Sum(bool waiters) {
  Sums sums;
  if (limited()) sums.limits = limits_;
  const int64_t now_ns = NowNs();
  for (size_t i = 1; i < count_; i++) {
    const Slot& slot = i == own_ ? slot_ : slots_[i];
    sums.committed = sums.committed + Space{slot.committed_bytes, slot.committed_images};
    if (slot.boot == kBootOfTornSlot) sums.torn = true;
    if (slot.boot == 0 || slot.boot == kBootOfTornSlot) continue;
    sums.limits =
        sums.limits.Strictest({slot.limit_bytes, slot.limit_images, slot.limit_free_bytes, slot.limit_free_inodes});
    sums.reserved = sums.reserved + Space{slot.reserved_bytes, slot.reserved_images};
    sums.unwritten += slot.unwritten_bytes;
    if (slot.waits_since_ns == 0 || now_ns - slot.waits_seen_ns > kWaiterSilenceNs) continue;
    if (waiters) sums.wanted = sums.wanted + Space{slot.wanted_bytes, slot.wanted_images};
    if (i == own_) continue;
    if (sums.waits_since_ns == 0 || slot.waits_since_ns < sums.waits_since_ns) {
      sums.waits_since_ns = slot.waits_since_ns;
    }
  }
  return sums;
}

Space Reservations::HeldBy(const Sums& sums) const {
  const Space since = sums.committed - Space{header_.base_bytes, header_.base_images};
  return Space{header_.found_bytes, header_.found_images} + since -
         Space{header_.removed_bytes, header_.removed_images};
}

// Limits on free space are of interest only where there are any.
Status Reservations::MeasureFileSystem(int base, Balance* balance) const {
  struct statvfs stat;
  if (sys::StatFileSystem(base, &stat) != 0) return SysError::Last("fstatfs");
  balance->disk_bytes = static_cast<uint64_t>(stat.f_blocks) * stat.f_frsize;
  balance->free_bytes = static_cast<uint64_t>(stat.f_bavail) * stat.f_frsize;
  if (stat.f_files > 0) balance->free_inodes = stat.f_favail;
  return Done{};
}

bool Reservations::known() const {
  return header_.boot == boot_ && header_.walked_ns != 0;
}

Verdict Reservations::Judge(const Balance& balance) const {
  if (!FindExcess(balance, 1).empty()) return Verdict::kFull;
  if (NowNs() - header_.walked_ns > kLongestTrustInWalkNs) return Verdict::kCrowded;
  return FindExcess(balance, high_watermark_).empty() ? Verdict::kRoom : Verdict::kCrowded;
}

}  // namespace xattr_cache
