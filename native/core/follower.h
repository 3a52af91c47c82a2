// Reading what a writer is writing, while it grows.
//
// A follower has a descriptor of its own on the bytes, so that it can read them to their end whatever becomes of the
// writer, and believes only what is on the file: user.error says that the write failed, user.hits that it is complete.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/cache_directory.h"
#include "core/image_reader.h"
#include "core/result.h"
#include "core/token.h"

namespace xattr_cache {

enum class Progress { kGrowing, kComplete, kFailed, kDead };

struct Sighting {
  Progress progress = Progress::kGrowing;
  uint64_t size = 0;   // of what can be read; final once it does not grow
  std::string reason;  // why it failed
  // Bytes of the whole image, if its writer knew and did not finish.
  std::optional<uint64_t> expected_size = std::nullopt;
};

class Follower {
 public:
  // Opens what the writer of `id` is writing.  ENOENT: nobody is, any more or yet.  EBUSY: a foreign writer, whose
  // bytes say nothing of how they are meant.  With `announce` the writer can see that it is followed.
  static Result<Follower> Open(std::shared_ptr<const CacheDirectory> directory, const std::string& id,
                               const StallRule& rule, bool announce);

  // How far the writer is.
  Result<Sighting> Look() const;

  // Whether others follow the same writer, and have announced it.  Where that cannot be known: false.
  bool HasCompany() const;

  const std::shared_ptr<OpenImage>& image() const { return image_; }

 private:
  Follower(std::shared_ptr<const CacheDirectory> directory, std::shared_ptr<OpenImage> image, UniqueFd token,
           WriterMark mark, const StallRule& rule)
      : directory_(std::move(directory)),
        image_(std::move(image)),
        token_(std::move(token)),
        mark_(std::move(mark)),
        rule_(rule) {}

  Result<Sighting> LookAtFile() const;
  std::optional<uint64_t> ExpectedSize() const;

  std::shared_ptr<const CacheDirectory> directory_;
  std::shared_ptr<OpenImage> image_;
  UniqueFd token_;
  WriterMark mark_;
  StallRule rule_;
};

}  // namespace xattr_cache
