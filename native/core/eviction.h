// Frees space: evicts the least recently accessed images until the rest fits.
//
// One walk, a selection of the coldest images that free enough, and their removal in steps: O(n).  A search for the
// coldest image before each removal would be O(n * evicted).  An image that was read or replaced since the walk stays.
// Only one step works on a directory at a time, and an image that another eviction has removed counts as freed, so that
// two together evict no more than one would.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/cache_directory.h"
#include "core/image_list.h"
#include "core/limits.h"
#include "core/victim.h"
#include "posix/file_lock.h"
#include "posix/result.h"

namespace xattr_cache {

class Eviction {
 public:
  // Walks the images, to evict down to `target_size` bytes.  A dry run locks and removes nothing: Step reports the
  // images that would be evicted.
  static Result<Eviction> Begin(std::shared_ptr<const CacheDirectory> directory, uint64_t target_size, bool dry_run);

  // The same for the limits of all processes.  Tells them the size that the walk finds.  Evicts what exceeds the limits
  // with what callers wait for, and at least `extra`; then with `in_advance`, as long as the victims are small, down to
  // somewhat below the high watermark, so that the next walk is not due soon.  Fails with EWOULDBLOCK if another
  // eviction is in a step: begin again then.
  struct ForLimits {
    Excess extra;
    Space wanted;  // for a caller that does not wait in line
    bool in_advance = true;
    bool dry_run = false;
  };
  static Result<Eviction> BeginForLimits(std::shared_ptr<const CacheDirectory> directory, const ForLimits& how);

  // The images evicted in one step, with their hits at the moment of the unlink.
  struct Evicted {
    ImageList images;
    std::optional<SysError> problem;  // The first failed removal; its image stays.
  };

  // Examines up to `limit` more images, the coldest first.  Fails with EWOULDBLOCK while another eviction is in a step.
  Result<Evicted> Step(size_t limit);

  // Whether the rest fits, or all images were examined.
  bool done() const;

  // Whether more than what is in advance is still to be removed.
  bool exceeds() const { return !needed_.empty(); }

  // The limit that asks for most; of no meaning for a target size.
  Limit limit() const { return limit_; }

 private:
  explicit Eviction(std::shared_ptr<const CacheDirectory> directory) : directory_(std::move(directory)) {}

  Status Walk();
  void KeepLimits(Balance balance, double high_watermark, const ForLimits& how);
  void Order();
  Result<std::optional<FileLock>> TryLock();
  Result<Removal> Remove(const ImageRow& row) const;
  void Took(const ImageRow& row);
  void Replaced(uint64_t old_size, uint64_t new_size);
  uint32_t PopColdest();
  bool Colder(uint32_t a, uint32_t b) const;

  std::shared_ptr<const CacheDirectory> directory_;
  bool dry_run_ = false;
  UniqueFd lock_file_;
  ImageList images_;
  std::vector<uint32_t> heap_;  // Rows of images_, the coldest on top.
  uint64_t total_ = 0;
  Excess needed_;  // still to be removed
  Excess spare_;   // to be removed as well, by victims of at most so many bytes
  uint64_t small_ = 0;
  Limit limit_ = Limit::kBytes;
};

}  // namespace xattr_cache
