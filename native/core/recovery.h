// What is done once after a boot, before anything is served: the images that no checkpoint vouches for may be damaged,
// and are verified or dropped.
//
// Those that bear a digest are left to the caller, which can compute it.  What writers of the boot before left in
// incomplete/ goes, since a take-over would copy it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/cache_directory.h"
#include "core/clock_file.h"
#include "core/doubtful.h"
#include "core/image_list.h"
#include "posix/file_lock.h"
#include "posix/result.h"

namespace xattr_cache {

// Whether a recovery has to come before anything is served.
enum class RecoveryNeed {
  kNone,      // the voucher is of this boot
  kFirstUse,  // there is no voucher: what is there is trusted, and a first checkpoint has to come
  kOtherBoot,
  kImpossible,  // the voucher cannot be kept or seen here
};
Result<RecoveryNeed> FindRecoveryNeed(const CacheDirectory& directory);

class Recovery {
 public:
  // Takes the clock's lock and walks over the images.  EWOULDBLOCK: another recovery or checkpoint is under way.
  // Nothing to do if the voucher is of this boot, unless `forced`: for a disk that went away and came back within one
  // boot.
  static Result<std::optional<Recovery>> Begin(std::shared_ptr<const CacheDirectory> directory, bool forced);

  // The same without a lock, and without need: nothing is dropped, and nothing is to be finished.
  static Result<Recovery> BeginDryRun(std::shared_ptr<const CacheDirectory> directory);

  // T of the last voucher, in nanoseconds since the epoch; the end of time if there was none.
  int64_t since_ns() const { return since_ns_; }
  // Doubtful images without a digest, and with one.
  const ImageList& unverifiable() const { return unverifiable_; }
  const ImageList& verifiable() const { return verifiable_; }

  // Drops up to `limit` more images of unverifiable().  Returns whether some are left.
  Result<bool> DropNext(size_t limit);

  // Drops the n-th image of verifiable(), whose bytes are wrong.
  Status DropVerified(size_t n);

  // Removes what the boot before left in incomplete/, and makes a checkpoint that is on disk itself when this returns.
  Status Finish();

 private:
  explicit Recovery(std::shared_ptr<const CacheDirectory> directory) : directory_(std::move(directory)) {}

  // Finds what is doubtful; after the first use of a directory, nothing.
  Status Walk();
  Status DropRow(const ImageList& images, size_t n);
  int64_t LatestKept() const;

  std::shared_ptr<const CacheDirectory> directory_;
  std::shared_ptr<const ClockFile> clock_;
  std::optional<FileLock> lock_;
  // T; of the first use, before which everything is trusted, none.
  int64_t since_ns_ = std::numeric_limits<int64_t>::max();
  int64_t latest_kept_ns_ = 0;
  enum class Kind { kFirstUse, kOtherBoot, kForced } kind_ = Kind::kFirstUse;
  ImageList unverifiable_;
  ImageList verifiable_;
  std::set<size_t> wrong_;  // of verifiable_
  size_t next_ = 0;
};

}  // namespace xattr_cache
