// Reads an image while its writer writes it.
//
// A follower has its own descriptor of the bytes, so it can read them to their end even if the writer dies.  It trusts
// only the file: user.error means that the write failed, user.hits that it is complete.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/cache_directory.h"
#include "core/image_reader.h"
#include "core/token.h"
#include "posix/result.h"

namespace xattr_cache {

enum class Progress { kGrowing, kComplete, kFailed, kDead };

struct WriterState {
  Progress progress = Progress::kGrowing;
  uint64_t size = 0;   // bytes that can be read; final unless growing
  std::string reason;  // of a failure
  // Bytes of the whole image, if its writer knew and did not finish.
  std::optional<uint64_t> expected_size = std::nullopt;
};

class Follower {
 public:
  // Opens the bytes of the writer of `id`.  Fails with ENOENT if there is no writer, and with EBUSY for a foreign one,
  // whose bytes do not show their outcome.  With `announce` the writer can see that it is followed.
  static Result<Follower> Open(std::shared_ptr<const CacheDirectory> directory, const std::string& id,
                               const StallRule& rule, bool announce);

  // Returns the writer's progress.
  Result<WriterState> Poll() const;

  // Returns whether others follow the same writer and have announced it.  False if that cannot be known.
  bool HasOtherReaders() const;

  const std::shared_ptr<OpenImage>& image() const { return image_; }

 private:
  Follower(std::shared_ptr<const CacheDirectory> directory, std::shared_ptr<OpenImage> image, UniqueFd token,
           WriterMark mark, const StallRule& rule)
      : directory_(std::move(directory)),
        image_(std::move(image)),
        token_(std::move(token)),
        mark_(std::move(mark)),
        rule_(rule) {}

  Result<WriterState> ReadState() const;
  std::optional<uint64_t> ExpectedSize() const;

  std::shared_ptr<const CacheDirectory> directory_;
  std::shared_ptr<OpenImage> image_;
  UniqueFd token_;
  WriterMark mark_;
  StallRule rule_;
};

}  // namespace xattr_cache
