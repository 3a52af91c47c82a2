// The room that one writer has reserved, given back with the object.

#pragma once

#include <cstdint>
#include <utility>

#include "core/cache_directory.h"
#include "core/reservations.h"
#include "posix/result.h"

namespace xattr_cache {

// In a directory without limits, there is always room.
class [[nodiscard]] Hold {
 public:
  // `directory` must outlive the hold.
  explicit Hold(const CacheDirectory& directory) : directory_(&directory) {}
  Hold(Hold&& other) noexcept
      : directory_(other.directory_),
        space_(std::exchange(other.space_, {})),
        unwritten_(std::exchange(other.unwritten_, 0)) {}
  Hold& operator=(Hold&&) = delete;
  ~Hold() { Settle({}); }

  // Reserves more, for a caller that waits since `since_ns` after boot; see Reservations::Reserve.
  Result<Verdict> Add(const Space& space, int64_t since_ns);

  // Reserves for an image that has `bytes` in the end.
  Result<Verdict> Reach(uint64_t bytes, int64_t since_ns);

  // Reserves for an image that grows from `written` to `bytes`, and for some more in advance.
  Result<Verdict> GrowTo(uint64_t written, uint64_t bytes, int64_t since_ns);

  // The file system has allocated so many bytes in all.
  void Written(uint64_t bytes);

  // Gives everything back, after so much of it was published.
  void Settle(const Space& published);

 private:
  // An image without bytes is one, too.
  bool Has(uint64_t bytes) const { return bytes <= space_.bytes && space_.images > 0; }

  const CacheDirectory* directory_;
  Space space_;
  uint64_t unwritten_ = 0;
};

}  // namespace xattr_cache
