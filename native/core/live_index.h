// An index of the images of a cache that follows the directory: one walk, and from then on the kernel's events.
//
// It tells the size of the cache and its coldest image without a walk, whatever process or program changes the
// directory.  Reads cause no events, but a hit only raises the recency of an image.  So the recency in the index is the
// least that an image can have, and the first image in its order that still has it is the coldest of all.
//
// It is a hint.  An image is looked at before it is named as the coldest, and again, under its lock, by its removal.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/cache_directory.h"
#include "core/image_index.h"
#include "core/image_list.h"
#include "core/victim.h"
#include "posix/directory_watch.h"
#include "posix/result.h"

namespace xattr_cache {

// For one thread.
class LiveIndex {
 public:
  // Takes a fifth of a second for 100,000 images.  Fails with ECANCELED soon after `stop` is set, with ESTALE if the
  // directory changed faster than its events were read, and as DirectoryWatch::Open does.
  static Result<std::unique_ptr<LiveIndex>> Build(std::shared_ptr<const CacheDirectory> directory,
                                                  const std::atomic<bool>& stop);

  // Reads the events that are there.  The index then includes each change that was made before this call.  Returns
  // false if events were lost: it is of no use any more, and another one must be built.  After an error it is not up to
  // date, and the next call tries again.
  Result<bool> Update();

  uint64_t images() const { return index_.images(); }
  // The sum of the images' sizes, in bytes.
  uint64_t size() const { return index_.size(); }
  // The memory that it takes, in bytes.
  size_t memory() const { return index_.memory(); }

  // Begins a round of evictions: each image is a candidate again.
  void BeginRound() { index_.BringBack(); }

  struct Candidate {
    std::string id;
    ImageRow row;
  };
  // Returns the first image in the order of eviction, as its file is now, or nothing if no image is left in this round.
  // Until Settle, returns it again.  An image that cannot be looked at is an error, and no candidate in this round.
  Result<std::optional<Candidate>> Coldest();

  // Takes note of the outcome of a RemoveVictim of the candidate.  One that is in use, or cannot be removed, is no
  // candidate in this round any more.
  void Settle(const Candidate& candidate, const Result<Removal>& removal);

  // Also watches an open file, by which other processes wake this one: they set its times.
  Status AddPoke(int file) { return watch_.AddPoke(file); }
  // Whether an Update has seen a poke since the last call.
  bool TakePoke() { return std::exchange(poked_, false); }

  // Readable when there are events: for ppoll(2) alone.
  int fd() const { return watch_.fd(); }

 private:
  LiveIndex(std::shared_ptr<const CacheDirectory> directory, DirectoryWatch watch)
      : directory_(std::move(directory)), watch_(std::move(watch)) {}

  Status Walk(const std::atomic<bool>& stop);
  Status Handle(const WatchEvent& event);
  // Looks at the file `id`, and puts it into the index, or out of it.  Returns it if it is an image.
  Result<std::optional<ImageRow>> Refresh(const std::string& id);
  // Reads the clock after a file was looked at.
  int64_t ReadClock();
  Status FollowClock();

  std::shared_ptr<const CacheDirectory> directory_;
  DirectoryWatch watch_;
  ImageIndex index_;
  bool stale_ = false;
  bool poked_ = false;
  std::optional<std::string> unseen_;  // The image of an event that could not be looked at.
  int64_t clock_ns_ = INT64_MIN;       // The latest time that a recency in the index was judged by.
  bool clock_set_back_ = false;
};

}  // namespace xattr_cache
