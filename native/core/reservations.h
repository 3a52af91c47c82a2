// The file DIR/.xattr-cache/reservations: what each process is about to write, so that all together stay below the
// limits before the first byte is written.
//
// A header, and a slot for each open cache with limits.  A process writes only its own slot, and holds a lock on it
// (fcntl(2), F_OFD_SETLK) for as long as it lives: the kernel gives back the reservations of one that dies.  Only the
// holder of the eviction lock writes the header: the size that the last walk found, and what was removed since.  What
// was committed since is in the slots, which only grow.  So
//   held = found by the walk + committed since it began - removed since it ended,
// and a reservation needs no lock: it is added to the own slot, then the sum over all slots is compared with the
// limits, and if it does not fit it is taken back.  A concurrent reservation is counted by at least one of both.
//
// The file is read and written, not mapped: a mapping is a fatal signal where the file was cut short, or its disk is
// full.  Losing the file costs one walk.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "core/limits.h"
#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

// kCrowded: there is room, but it is time to evict.  kFull: evict, or wait for the end of other writes.  kBehind: the
// same, and another process has waited longer.  kUnknown: the size of the cache is not known, so it must be walked.
enum class Verdict { kRoom, kCrowded, kFull, kBehind, kTooLarge, kUnknown };

inline bool HasRoom(Verdict verdict) {
  return verdict == Verdict::kRoom || verdict == Verdict::kCrowded;
}

// What the evictions of all processes have removed.
struct EvictionTotals {
  uint64_t images = 0;
  uint64_t bytes = 0;
  uint64_t last_minute = 0;      // images, in the last whole minute or the current one
  int64_t youngest_age_ns = -1;  // the shortest time since a victim's last use, in the same time; -1: no victim
};

class Reservations {
 public:
  static constexpr size_t kSlots = 255;

  // Without limits.  `boot_id`: of this machine's boot; what another boot has left proves nothing.
  explicit Reservations(std::string_view boot_id);

  // Sets the limits of this process, instead of others that it has.  None: there is always room.  `high_watermark`: the
  // part of them above which the cache is crowded.
  void SetLimits(int base, const Limits& limits, double high_watermark);
  bool limited() const { return limited_.load(); }
  double high_watermark() const;

  // All take the descriptor of the cache's directory, and open the file if it is not open.  Any thread may call them.
  // The limits hold for other processes from the first reservation on: one that only looks evicts nothing of theirs.

  // Reserves `space` more for a writer that has reserved `own`, and has waited since `since_ns` after boot; 0: not yet.
  // A file that cannot be made on a full disk: kFull.
  Result<Verdict> Reserve(int base, const Space& space, const Space& own, int64_t since_ns);
  // By how much a writer of unknown length reserves.  REQUIRES: limited()
  uint64_t growth() const;
  // The file system has allocated so many of the bytes that were reserved.
  void Allocated(int base, uint64_t bytes);
  // Gives back what was reserved, `unwritten` bytes of it not allocated, after `committed` of it was published.
  void Settle(int base, const Space& reserved, uint64_t unwritten, const Space& committed);

  // Shows all processes that a caller waits since `since_ns` for so much; with 0, that none does any more.  Repeated at
  // least once a second, since a process that was stopped must not hold up others.
  Status Wait(int base, int64_t since_ns, const Space& space);

  // The balance, or nothing if the size of the cache is not known.  ENOENT: no process has reserved anything yet.
  Result<std::optional<Balance>> Measure(int base);

  // A walk: BeginWalk before it, Found after it with its content.  Removed: images were removed, and the youngest of
  // them was last used `age_ns` ago.  Without limits in this process they are noted only if others have limits.
  // REQUIRES: the eviction lock for Found and Removed.
  struct WalkMark {
    Space committed;
  };
  Result<WalkMark> BeginWalk(int base);
  Status Found(int base, const WalkMark& mark, const Space& held);
  Status Removed(int base, const Space& removed, int64_t age_ns);

  Result<EvictionTotals> Totals(int base);

 private:
  struct Header {
    uint64_t checksum;
    uint64_t boot;
    int64_t walked_ns;  // since boot; 0 if the size is not known
    uint64_t found_bytes, found_images;
    uint64_t base_bytes, base_images;        // committed when the walk began
    uint64_t removed_bytes, removed_images;  // since the walk
    uint64_t evicted_bytes, evicted_images;  // ever
    int64_t minute_ns;
    uint64_t in_minute, in_last_minute;
    int64_t youngest_ns = -1, last_youngest_ns = -1;
  };
  struct Slot {
    uint64_t checksum;
    uint64_t boot;
    int64_t seen_ns;
    uint64_t reserved_bytes, reserved_images, unwritten_bytes;
    uint64_t committed_bytes, committed_images;  // ever, by all owners of the slot
    int64_t waits_since_ns, waits_seen_ns;
    uint64_t wanted_bytes, wanted_images;
    uint64_t limit_bytes, limit_images, limit_free_bytes, limit_free_inodes;
  };
  static_assert(sizeof(Header) == 128 && sizeof(Slot) == 128);

  struct Sums;

  // kLook: only if the file exists.  kSlot: also takes a slot, so that our limits hold for all.
  enum class Use { kLook, kMake, kSlot };
  Status Open(int base, Use use);
  Status TakeSlot();
  void LetGo();
  void Tell(int base);
  void KeepOwnSlot();
  Status WriteSlot();
  Status WriteHeader(Header header);
  Status ReadAll();
  template <typename Record>
  bool ReadRecord(size_t index, Record* record);
  Result<bool> RetireDead();
  bool IsLive(size_t slot);
  Sums Sum(bool waiters);
  Space HeldBy(const Sums& sums) const;
  Status MeasureFileSystem(int base, Balance* balance) const;
  bool known() const;
  Verdict Judge(const Balance& balance) const;

  mutable std::mutex mutex_;
  const uint64_t boot_;
  std::atomic<bool> limited_{false};
  Limits limits_;
  double high_watermark_ = 1;
  UniqueFd file_;
  bool has_locks_ = true;
  int64_t looked_ns_ = 0;
  size_t own_ = 0;  // index of the own slot; 0, that of the header: none
  Slot slot_{};
  Header header_{};
  size_t count_ = 0;  // of slots read
  std::array<Slot, kSlots + 1> slots_{};
};

}  // namespace xattr_cache
