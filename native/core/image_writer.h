// The one live writer of an image: claim, write, then commit or roll back.
//
// The bytes grow in incomplete/.d-RAND, which only this writer's token names, and are published as DIR/ID atomically.
// Used by one thread at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/cache_directory.h"
#include "core/token.h"
#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

// The text of user.error after a writer was abandoned, on bytes that only its followers still have open.
inline constexpr std::string_view kAbandonedReason = "incomplete fetch";

class ImageWriter {
 public:
  // Claims `id`, and replaces a dead writer.  Fails with EBUSY if a live or a foreign writer has it, and with
  // EWOULDBLOCK if it is locked, by a live writer or briefly by a prober: try again a few times.
  static Result<ImageWriter> Claim(std::shared_ptr<const CacheDirectory> directory, std::string id,
                                   const StallRule& rule);

  // A writer that was moved from is closed.
  ImageWriter(ImageWriter&&) = default;
  ImageWriter& operator=(ImageWriter&&) = delete;

  // Abandons a write that was neither committed nor rolled back.
  ~ImageWriter();

  bool open() const { return directory_ != nullptr; }
  uint64_t bytes_written() const { return bytes_written_; }

  // Reserves the space, without changing the size that readers see.  Does nothing if that is not supported.
  // REQUIRES: open()
  Status Reserve(uint64_t size);

  // Appends.  After a failure, the next Write continues at the same position.  REQUIRES: open()
  Status Write(std::span<const std::byte> bytes);

  // Publishes the image and removes its request.  Fails with ENOENT if the claim is lost: FindClaim says how.  After
  // any failure the writer is still open, to be rolled back.  REQUIRES: open()
  Status Commit();

  // After a failed commit, kHeld means that only the bytes are gone: the image was deleted.  REQUIRES: open()
  ClaimState FindClaim() const { return token_.Find(*directory_, id_.c_str()); }

  // Moves the bytes to invalid/, with the reason in user.error, and releases the claim.  The bytes are discarded if
  // there are more than `largest_kept`, or if the last write or commit or the move finds no space; the reason is
  // dropped if even that does not fit.  Bytes that followers have seen complete are discarded by an unlink, so that the
  // followers read them to their end.  The writer is closed even if this fails.  REQUIRES: open()
  Status Rollback(std::string_view reason, uint64_t largest_kept = UINT64_MAX);

  // Releases the claim and leaves nothing behind, for a writer that was abandoned without an error.  Followers find
  // kAbandonedReason, and may continue in its place.  REQUIRES: open()
  void Abandon();

  // Releases the claim without a trace, for a writer that is not needed.  REQUIRES: open()
  void Discard();

  // Notes length and digest on the file, see kDigestAttribute.  REQUIRES: open()
  Status RecordDigest(std::string_view text);

  // Notes on the token how many bytes the image will have, for the writer that continues if this one dies.
  // REQUIRES: open()
  Status NoteLength(uint64_t length);

  // Shows cleaners that go by age, such as Glance's, that the writer lives: they look at the bytes and at the token.
  // Must be called at least once an hour.  REQUIRES: open()
  Status Touch();

 private:
  ImageWriter(std::shared_ptr<const CacheDirectory> directory, std::string id, std::string data_name, UniqueFd data,
              Token token, int64_t started_ns)
      : directory_(std::move(directory)),
        id_(std::move(id)),
        data_name_(std::move(data_name)),
        data_(std::move(data)),
        token_(std::move(token)),
        started_ns_(started_ns) {}

  Status Noted(Status outcome);
  Status SyncNowAndThen();
  void LetGo();
  Status MoveToInvalid();
  Status UnlinkData();

  // Null once the writer is closed: a closed writer that is still referenced must not keep the directory open, because
  // its file system could not be unmounted.
  std::shared_ptr<const CacheDirectory> directory_;
  std::string id_;
  std::string data_name_;
  UniqueFd data_;
  Token token_;
  int64_t started_ns_;  // since boot
  uint64_t bytes_written_ = 0;
  uint64_t synced_ = 0;  // how many of these were put on disk, where that is wanted as they come
  uint64_t reserved_ = 0;
  std::optional<SysError> lost_;  // Accepted bytes did not reach the disk; the kernel reports that only once.
  bool torn_ = false;             // A failed write may have left bytes after the last good one.
  bool full_ = false;             // The last write or commit found no space.
  bool marked_complete_ = false;  // A commit came this far, so followers may rely on the size.
};

}  // namespace xattr_cache
