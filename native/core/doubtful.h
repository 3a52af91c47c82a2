// Images that no checkpoint vouches for.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "core/image_list.h"
#include "posix/result.h"

namespace xattr_cache {

// A sum over images.
struct Tally {
  uint64_t images = 0;
  uint64_t bytes = 0;

  void Add(const ImageRow& row) {
    images++;
    bytes += row.size;
  }
};

// What one walk over the images found.
struct Doubtful {
  ImageList images;
  int64_t latest_trusted_ns = 0;  // the latest change of an image that is not doubtful
};

// The images that changed after `until_ns`, but for those that were on disk before they were published.
Result<Doubtful> FindDoubtful(const CacheDirectory& directory, int64_t until_ns);

// Their number and size, without a list of them.
Result<Tally> CountDoubtful(const CacheDirectory& directory, int64_t until_ns);

// Removes an image, to nowhere, unless it was replaced since it was found.  Returns whether it did.
Result<bool> Drop(const CacheDirectory& directory, const char* id, const ImageRow& row);

}  // namespace xattr_cache
