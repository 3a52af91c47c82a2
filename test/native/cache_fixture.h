// A cache directory of its own for each test.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/cache_directory.h"
#include "core/image_writer.h"
#include "core/token.h"
#include "files.h"

namespace testing {

class Cache {
 public:
  explicit Cache(const std::string& root = TemporaryDirectory::Root());

  const xattr_cache::CacheDirectory& directory() const { return *directory_; }
  const std::shared_ptr<const xattr_cache::CacheDirectory>& shared() const { return directory_; }

  // `name` is relative: "a", "incomplete/a".
  std::string Path(std::string_view name) const { return root_.path() + '/' + std::string(name); }
  const std::string& path() const { return root_.path(); }

  // A complete image, as a stranger would put it there, last used so many seconds ago.
  void AddImage(std::string_view id, std::string_view bytes, double seconds_ago = 0) const;

  xattr_cache::Result<xattr_cache::ImageWriter> Claim(std::string id) const;

  // Leaves the files of a dead writer: its token, whose lock is free, and its data.  Returns the private name.
  std::string LeaveDeadWriter(std::string_view id, std::string_view bytes) const;
  // The same of a writer on another machine, or before this one was booted.
  std::string LeaveWriterOfOtherBoot(std::string_view id, std::string_view bytes) const;

  // The private name that the token of `id` bears; empty if it bears none.
  std::string DataNameOf(std::string_view id) const;
  // Removes all files but the clock, and leaves the directories.
  void Clear() const;
  // Sets back the times of all that lies in incomplete/.
  void AgeIncomplete(double seconds) const;

 private:
  std::string LeaveWriter(std::string_view id, std::string_view bytes, const std::string& boot_id) const;

  TemporaryDirectory root_;
  std::shared_ptr<const xattr_cache::CacheDirectory> directory_;
};

// Where locks prove nothing.
xattr_cache::StallRule ByAge(double stall_seconds);

}  // namespace testing
