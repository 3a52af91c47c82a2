// Queries about one id, and its removal.  A missing image is a result, not an error.

#pragma once

#include <cstdint>

#include "core/cache_directory.h"
#include "core/token.h"
#include "posix/result.h"

namespace xattr_cache {

struct ImageState {
  bool cached = false;
  uint64_t size = 0;
};

Result<ImageState> FindImage(const CacheDirectory& directory, const char* id);

// The same of an image that a reader may not have yet (trust.h), with what is known of the file.
Result<ImageState> FindImageFile(const CacheDirectory& directory, const char* id, sys::FileStat* stat);
Result<int64_t> ReadHits(const CacheDirectory& directory, const char* id);
Result<bool> IsQueued(const CacheDirectory& directory, const char* id);

// Unlinks the image, and the bytes that a writer is about to publish in its place: delete wins.  Returns whether there
// was an image.
Result<bool> DeleteImage(const CacheDirectory& directory, const char* id);

// Queues `id`.  Returns false if it is cached, being cached or queued already.
Result<bool> QueueImage(const CacheDirectory& directory, const char* id, const StallRule& rule);
Result<bool> DequeueImage(const CacheDirectory& directory, const char* id);

}  // namespace xattr_cache
