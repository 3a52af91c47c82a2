// A process with limits.  Each has a directory of its own, whose locks keep others out as those of a process do.

#pragma once

#include <memory>
#include <string>

#include "cache_fixture.h"
#include "core/cache_directory.h"
#include "core/reservations.h"

namespace testing {

class Limited {
 public:
  Limited(const Cache& cache, const xattr_cache::Limits& limits, double high_watermark = 0.9);

  const std::shared_ptr<const xattr_cache::CacheDirectory>& shared() const { return directory_; }
  const xattr_cache::CacheDirectory& directory() const { return *directory_; }
  xattr_cache::Reservations& reservations() const { return directory_->reservations(); }
  int base() const { return directory_->base(); }

  // Reserves for one image, and returns the verdict in words, or the error.
  std::string Reserve(uint64_t bytes, int64_t since_ns = 0) const;
  // Gives one image back, of which so much was published; 0: none.
  void Settle(uint64_t reserved, uint64_t committed) const;
  void Wait(int64_t since_ns, uint64_t bytes = 0) const;
  // Notes that a walk has found so much.
  void Walk(uint64_t bytes, uint64_t images = 0) const;
  // "held bytes/images, reserved bytes/images", or the error.
  std::string Measure() const;

 private:
  std::shared_ptr<const xattr_cache::CacheDirectory> directory_;
};

std::string InWords(const xattr_cache::Result<xattr_cache::Verdict>& verdict);
std::string InWords(const xattr_cache::Result<std::optional<xattr_cache::Balance>>& balance);

}  // namespace testing
