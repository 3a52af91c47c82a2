// Makes room: the least recently accessed images go until the rest fits.
//
// One walk, a selection of the coldest that free enough, and their removal in steps: O(n), where asking for the coldest
// one again and again is O(n * evicted).  An image that was read or replaced since the walk stays.  One eviction at a
// time works on a directory, so that two together free what one would.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/cache_directory.h"
#include "core/file_lock.h"
#include "core/image_list.h"
#include "core/result.h"

namespace xattr_cache {

class Eviction {
 public:
  // Walks the images.  Fails with EWOULDBLOCK while another eviction is at work; its outcome has to be looked at first,
  // so begin anew then.
  static Result<Eviction> Begin(std::shared_ptr<const CacheDirectory> directory, uint64_t target_size);

  // The same without lock or removal: Step reports what would go.
  static Result<Eviction> BeginDryRun(std::shared_ptr<const CacheDirectory> directory, uint64_t target_size);

  // What went in one step, with the hits as they stood when each was unlinked.
  struct Evicted {
    ImageList images;
    std::optional<SysError> problem;  // The first that kept an image from being removed; such an image stays.
  };

  // Looks at up to `limit` more images, the coldest first.
  Evicted Step(size_t limit);

  // True when the rest fits or nothing is left to look at.
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
