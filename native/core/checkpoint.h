// Checkpoints: what was published before one began is on disk when it has ended, and vouched for.
//
// 1. T = max(now, the last T + 1, the latest time that was given to an image), written to the clock file.  A
// publication
//    reads that file after its last byte and gives its image a later time.  So an image with a time of at most T had
//    its last byte in the page cache before step 2 began, whatever the wall clock did.
// 2. syncfs(2), which covers files that have no name yet.
// 3. The attribute of `.xattr-cache`, see voucher.h.  Until it is on disk itself, an older one holds, which is safe.
//
// The clock file is locked meanwhile.  A process that dies in between leaves the older voucher.

#pragma once

#include <cstdint>
#include <optional>

#include "core/cache_directory.h"
#include "core/clock_file.h"
#include "core/doubtful.h"
#include "core/voucher.h"
#include "posix/result.h"

namespace xattr_cache {

struct Checkpoint {
  // Writes had failed.  Images that no earlier checkpoint vouches for were dropped, since they may be damaged though
  // they still look right; there is no new voucher.
  std::optional<SysError> failure;
  Tally dropped;
};

// Makes a checkpoint.  EWOULDBLOCK: another checkpoint or a recovery is under way.  ESTALE: the voucher is of another
// boot, and a recovery has to come first (recovery.h).  The first one of a directory is on disk itself when it returns.
Result<Checkpoint> MakeCheckpoint(const CacheDirectory& directory);

// Whether this process has published images that no checkpoint vouches for.
Result<bool> NeedsCheckpoint(const CacheDirectory& directory);

// What is known of the disk, and what is not on it for certain yet.
struct CheckpointState {
  std::optional<Voucher> voucher;  // of the last checkpoint
  bool own_boot = false;           // else a recovery has to come first
  Tally doubtful;                  // without a checkpoint, all images
};

// Walks over the images.
Result<CheckpointState> ReadCheckpointState(const CacheDirectory& directory);

// Puts the voucher of the last checkpoint on disk, so that it holds at the next boot.
Status SyncCheckpoint(const CacheDirectory& directory);

// Puts on disk what was written, and vouches for nothing: for file systems whose answer to syncfs(2) proves nothing.
Status SyncWithoutVoucher(const CacheDirectory& directory);

// Steps 1 to 3, with a T of at least `at_least_ns` if file times can be later than that here.  Fails with what
// syncfs(2) failed with. REQUIRES: the lock of `clock`
Status Vouch(const CacheDirectory& directory, const ClockFile& clock, const ClockReading& before, int64_t at_least_ns);

// Puts the voucher, and the names that lead to it, on disk.
Status SyncVoucher(const CacheDirectory& directory, const ClockFile& clock);

}  // namespace xattr_cache
