// The limits of a cache, and the arithmetic of the space that is left below them.

#pragma once

#include <cstdint>
#include <optional>

namespace xattr_cache {

// No limit: the largest, or for free space the smallest number.
struct Limits {
  uint64_t bytes = UINT64_MAX;
  uint64_t images = UINT64_MAX;
  // Of the file system, to be left free.
  uint64_t free_bytes = 0;
  uint64_t free_inodes = 0;

  bool none() const { return bytes == UINT64_MAX && images == UINT64_MAX && free_bytes == 0 && free_inodes == 0; }

  // The stricter of each.
  Limits Strictest(const Limits& other) const;
};

enum class Limit { kBytes, kImages, kFreeBytes, kFreeInodes };

// Bytes and images: of a cache, or to be written.
struct Space {
  uint64_t bytes = 0;
  uint64_t images = 0;

  Space operator+(const Space& other) const { return {bytes + other.bytes, images + other.images}; }
  // What is left, at least nothing.
  Space operator-(const Space& other) const {
    return {bytes > other.bytes ? bytes - other.bytes : 0, images > other.images ? images - other.images : 0};
  }
  bool empty() const { return bytes == 0 && images == 0; }
};

// What a cache and its file system hold, as far as all processes have told.
struct Balance {
  Limits limits;            // the strictest of all processes that write
  Space held;               // images and failed writes
  Space reserved;           // for images that are being written
  uint64_t unwritten = 0;   // bytes of these that the file system still counts as free
  Space wanted;             // of the caller that has waited longest
  uint64_t disk_bytes = 0;  // size of the file system
  uint64_t free_bytes = 0;
  std::optional<uint64_t> free_inodes;  // nothing if the file system does not count them
};

// What has to be removed so that the rest, and what is wanted, stays below the limits.
struct Excess {
  Space cache;              // above the limits of the cache
  uint64_t disk_bytes = 0;  // short of the free space that must be left
  uint64_t inodes = 0;
  Limit limit = Limit::kBytes;  // the one that asks for most

  bool empty() const { return cache.empty() && disk_bytes == 0 && inodes == 0; }
};

// The excess above `part` of the limits, from 0 to 1.  Free space counts as scarce below its limit divided by `part`.
Excess FindExcess(const Balance& balance, double part);

// Whether evicting all images may make `space` for a writer that has `own`, which the file system may have allocated.
// Both are part of what is reserved.
bool CanFit(const Balance& balance, const Space& own, const Space& space);

}  // namespace xattr_cache
