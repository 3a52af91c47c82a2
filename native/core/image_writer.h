// The one live writer of an image: claim, write, then commit or roll back.
//
// The bytes grow in incomplete/.d-RAND, which only this writer's token names, and appear as DIR/ID whole or not at all.
// Used by one thread at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/cache_directory.h"
#include "core/result.h"
#include "core/token.h"
#include "core/unique_fd.h"

namespace xattr_cache {

// What user.error says of a writer that was left, on bytes that only its followers still have open.
inline constexpr std::string_view kAbandonedReason = "incomplete fetch";

class ImageWriter {
 public:
  // Claims `id`.  A dead writer is taken over.  Fails with EBUSY if a live or a foreign one has it, and with
  // EWOULDBLOCK if it is locked: by a live writer, or for a moment by somebody who looks, so try again a few times.
  static Result<ImageWriter> Claim(std::shared_ptr<const CacheDirectory> directory, std::string id,
                                   const StallRule& rule);

  // What is moved from is closed.
  ImageWriter(ImageWriter&&) = default;
  ImageWriter& operator=(ImageWriter&&) = delete;

  // Abandons what was neither committed nor rolled back.
  ~ImageWriter();

  bool open() const { return directory_ != nullptr; }
  uint64_t bytes_written() const { return bytes_written_; }

  // Takes the space now, without changing the size that readers see.  Where that is not supported: fine.
  // REQUIRES: open()
  Status Reserve(uint64_t size);

  // Appends.  After a failure the writer can go on from where it was.  REQUIRES: open()
  Status Write(std::span<const std::byte> bytes);

  // Publishes the image and takes it from the queue.  ENOENT: the claim is lost, the image was deleted meanwhile.
  // After any failure the writer is still open, to be rolled back.  REQUIRES: open()
  Status Commit();

  // Moves what there is to invalid/, with the reason in user.error, and lets go of the claim.  The bytes are
  // given up if there are more than `largest_kept`, if the last write or commit found no room, or the move finds none,
  // so that the next image finds some; the reason if there is none even for that.  Followers that have seen the bytes
  // complete read them to their end all the same: such bytes are given up by unlinking them.  The writer is closed
  // whatever the outcome.  REQUIRES: open()
  Status Rollback(std::string_view reason, uint64_t largest_kept = UINT64_MAX);

  // Lets go of the claim and leaves nothing behind, for a writer that was left though nothing is wrong with the image.
  // Followers find kAbandonedReason, and know that they may go on in its place.  REQUIRES: open()
  void Abandon();

  // Lets go of the claim without a trace, for a writer that finds it is not needed.  REQUIRES: open()
  void Discard();

  // Notes length and digest on the file, see kDigestAttribute.  REQUIRES: open()
  Status RecordDigest(std::string_view text);

  // Notes on the token how many bytes the image is going to have, for the writer that goes on should this one die.
  // REQUIRES: open()
  Status NoteLength(uint64_t length);

  // Tells cleaners that go by age, Glance's among them, that the writer lives: they look at the bytes as well as at the
  // token.  To be called at least once an hour.  REQUIRES: open()
  Status Touch();

 private:
  ImageWriter(std::shared_ptr<const CacheDirectory> directory, std::string id, std::string data_name, UniqueFd data,
              Token token)
      : directory_(std::move(directory)),
        id_(std::move(id)),
        data_name_(std::move(data_name)),
        data_(std::move(data)),
        token_(std::move(token)) {}

  Status Noted(Status outcome);
  void LetGo();
  Status MoveToInvalid();
  Status UnlinkData();

  // Nothing once the writer is closed: whoever keeps it must not keep the directory open with it, or its file system
  // cannot be unmounted.
  std::shared_ptr<const CacheDirectory> directory_;
  std::string id_;
  std::string data_name_;
  UniqueFd data_;
  Token token_;
  uint64_t bytes_written_ = 0;
  uint64_t reserved_ = 0;
  bool torn_ = false;             // A write failed and may have left bytes behind the last good one.
  bool full_ = false;             // There was no room for the last write or commit.
  bool marked_complete_ = false;  // A commit came so far, so followers may count on the size.
};

}  // namespace xattr_cache
