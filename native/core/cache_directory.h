// An open cache directory: descriptors of it and of its parts, to which every path is relative.
//
// The path may be renamed, or replaced by another directory or by a link: an operation stays inside the directory that
// was opened.  Immutable after Open, so any number of threads may use one.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/image_clock.h"
#include "core/trust.h"
#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

// The boot of a machine that a lock belongs to.
struct Boot {
  std::string id;          // the first 8 digits of the kernel's boot id
  std::string full_id;     // all of it
  int64_t started_ns = 0;  // on the wall clock, in nanoseconds since the epoch
};

// When the bytes of an image reach the disk: some time after it was published, or before.
enum class Publishing { kCached, kSynced };

class CacheDirectory {
 public:
  // Opens a directory with the parts `incomplete`, `invalid` and `queue`, which must be there and must not be links.
  static Result<CacheDirectory> Open(const char* path, Publishing publishing = Publishing::kCached);

  // The same directory with the parts that stand in it now; those that were removed or moved away are made again.
  // Nothing if they are the parts that are open here.
  Result<std::optional<CacheDirectory>> Renew() const;

  int base() const { return base_.get(); }
  int incomplete() const { return incomplete_.get(); }
  int invalid() const { return invalid_.get(); }
  int queue() const { return queue_.get(); }
  const Boot& boot() const { return boot_; }
  Publishing publishing() const { return publishing_; }
  ImageClock& clock() const { return *clock_; }
  Trust& trust() const { return *trust_; }
  // Whether a reader may have the image with this stat.
  bool Serves(const sys::FileStat& stat) const { return trust_->Covers(base(), boot_.full_id, stat); }

  // Opens the file that pruners lock.  A missing file is created with mode 0600 plus the directory's group permissions,
  // so that other users cannot hold it.  On a full disk, opens the directory itself: a pruner must still be able to
  // free space.
  Result<UniqueFd> OpenPruneLock() const;

 private:
  CacheDirectory() = default;
  static Result<CacheDirectory> OpenIn(UniqueFd base, Publishing publishing);

  UniqueFd base_;
  UniqueFd incomplete_;
  UniqueFd invalid_;
  UniqueFd queue_;
  Boot boot_;
  Publishing publishing_ = Publishing::kCached;
  std::unique_ptr<ImageClock> clock_ = std::make_unique<ImageClock>();
  std::unique_ptr<Trust> trust_ = std::make_unique<Trust>();
};

}  // namespace xattr_cache
