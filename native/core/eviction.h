// Frees space: evicts the least recently accessed images until the rest fits.
//
// One walk, a selection of the coldest images that free enough, and their removal in steps: O(n).  A search for the
// coldest image before each removal would be O(n * evicted).  An image that was read or replaced since the walk stays.
// Only one eviction works on a directory at a time, so that two together evict no more than one would.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/cache_directory.h"
#include "core/image_list.h"
#include "posix/file_lock.h"
#include "posix/result.h"

namespace xattr_cache {

class Eviction {
 public:
  // Walks the images.  Fails with EWOULDBLOCK while another eviction is at work: its outcome matters, so begin again
  // then.
  static Result<Eviction> Begin(std::shared_ptr<const CacheDirectory> directory, uint64_t target_size);

  // The same without lock or removal: Step reports the images that would be evicted.
  static Result<Eviction> BeginDryRun(std::shared_ptr<const CacheDirectory> directory, uint64_t target_size);

  // The images evicted in one step, with their hits at the moment of the unlink.
  struct Evicted {
    ImageList images;
    std::optional<SysError> problem;  // The first failed removal; its image stays.
  };

  // Examines up to `limit` more images, the coldest first.
  Evicted Step(size_t limit);

  // Whether the rest fits, or all images were examined.
  bool done() const { return total_ <= target_ || heap_.empty(); }

 private:
  Eviction(std::shared_ptr<const CacheDirectory> directory, uint64_t target)
      : directory_(std::move(directory)), target_(target) {}

  Status Walk();
  Result<std::optional<int64_t>> Remove(const ImageRow& row);
  uint32_t PopColdest();
  bool Colder(uint32_t a, uint32_t b) const;

  std::shared_ptr<const CacheDirectory> directory_;
  bool dry_run_ = false;
  UniqueFd lock_file_;
  std::optional<FileLock> lock_;  // Nothing in a dry run, and where locks do not work.
  ImageList images_;
  std::vector<uint32_t> heap_;  // Rows of images_, the coldest on top.
  uint64_t total_ = 0;
  uint64_t target_;
};

}  // namespace xattr_cache
