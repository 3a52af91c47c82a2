// Walks over the parts of a cache: totals and listings.  Names that vanish meanwhile are skipped.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/cache_directory.h"
#include "core/image_list.h"
#include "posix/directory_walk.h"
#include "posix/result.h"

namespace xattr_cache {

// A listing in batches, so that a cache of millions of images does not need memory for all of them.
class ImageScan {
 public:
  // `directory` must outlive the scan.
  static Result<ImageScan> Open(const CacheDirectory& directory);

  // Returns another scan of the same pass: each image is in a batch of one of the two.  Each may be on its own thread.
  ImageScan Twin() const { return {*directory_, walk_.Twin()}; }

  // Returns up to `limit` more images, unordered, with their hits if asked for; none at the end.
  Result<ImageList> Next(size_t limit, bool with_hits);

 private:
  ImageScan(const CacheDirectory& directory, DirectoryWalk walk) : directory_(&directory), walk_(std::move(walk)) {}

  const CacheDirectory* directory_;
  DirectoryWalk walk_;
};

// Calls `visit(name, row, part)` for each image, without its hits: concurrently, if that is faster, with a part below
// DirectoryWalk::kParts for each thread.
using VisitImage = std::function<void(const char* name, const ImageRow& row, size_t part)>;
Status VisitImages(const CacheDirectory& directory, const VisitImage& visit);

// All images, unordered, with their hits if asked for.
Result<ImageList> WalkImages(const CacheDirectory& directory, bool with_hits);

// All images, by the bytes of their ids.
Result<ImageList> ListImages(const CacheDirectory& directory);

// The failed writes in invalid/, oldest first, with user.error.
Result<ImageList> ListInvalid(const CacheDirectory& directory);

// The requests in queue/, oldest first.
Result<ImageList> ListQueue(const CacheDirectory& directory);

// The sum of the images' sizes, in bytes.
Result<uint64_t> SumImages(const CacheDirectory& directory);

// The first image in the order of eviction with a name in UTF-8: others cannot be opened by their id.
struct ColdImage {
  std::string id;
  uint64_t size = 0;
  int64_t recency_ns = 0;
};
Result<std::optional<ColdImage>> FindColdest(const CacheDirectory& directory);

// Removes all images, or all requests, and returns their number.
Result<uint64_t> DeleteAllImages(const CacheDirectory& directory);
Result<uint64_t> DequeueAll(const CacheDirectory& directory);

struct Usage {
  uint64_t incomplete = 0;
  uint64_t invalid = 0;
  uint64_t queued = 0;
  uint64_t free_bytes = 0;
  // Nothing if the file system does not count inodes (btrfs says 0 of 0).
  std::optional<uint64_t> free_inodes;
};
Result<Usage> MeasureUsage(const CacheDirectory& directory);

}  // namespace xattr_cache
