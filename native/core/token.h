// The token incomplete/ID names the writer of an image.
//
// A token of ours is an empty file that bears the writer's mark and is locked for as long as the writer lives.  The
// kernel drops the locks of a dead process.  So a marked token whose lock is free belongs to a dead writer, on the host
// that took the lock.  A file without a mark belongs to a foreign writer (Glance keeps its partial bytes there).
//
// Only users that may write into incomplete/ may open a token, and so lock it.  A dead writer's token that one of them
// has locked cannot be retired: for a shared lock FindHolder returns kDeadWriter and RetireDeadWriter kLiveWriter.  An
// exclusive lock looks like the writer's own.

#pragma once

#include <chrono>
#include <string>

#include "core/cache_directory.h"
#include "core/writer_mark.h"
#include "posix/file_lock.h"
#include "posix/result.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

// Decides when a writer counts as dead that cannot be seen to live.
struct StallRule {
  // The longest silence, in seconds, of writers on other hosts, and of all writers if locks do not work.
  double stall_seconds = 86'400;
  // Whether a free lock proves that its writer is dead.
  bool locks_work = true;
  // The longest wait for a lock that is probably a prober's.  Zero for callers that must not sleep.
  std::chrono::milliseconds probe_timeout{0};
};

// The state of a claim that was made.  kTaken: another writer has claimed the image instead.
enum class ClaimState { kHeld, kGone, kTaken, kUnknown };

class [[nodiscard]] Token {
 public:
  // Claims `id`: the token is marked and locked from the first moment it is visible.  Fails with EEXIST if there is one
  // already, and with EWOULDBLOCK if another process interfered: try again then.
  static Result<Token> Create(const CacheDirectory& directory, const char* id, const WriterMark& mark,
                              const StallRule& rule);

  // Removes the token.  If a foreign writer has opened it by name and written bytes into it, only removes our mark.  A
  // failure needs no handling: later writers find the token of a dead writer.
  void Remove(const CacheDirectory& directory, const char* id);

  // Whether the token still is the one that names the writer of `id`.
  ClaimState Find(const CacheDirectory& directory, const char* id) const;

  // Replaces the mark atomically.
  Status Remark(const WriterMark& mark);

  // Shows cleaners that go by age, such as Glance's, that the writer lives.
  Status Touch();

 private:
  Token(UniqueFd fd, std::optional<FileLock> lock) : fd_(std::move(fd)), lock_(std::move(lock)) {}

  static Result<Token> CreateNameless(const CacheDirectory& directory, const char* id, const WriterMark& mark,
                                      const StallRule& rule, mode_t mode);
  static Result<Token> CreateByName(const CacheDirectory& directory, const char* id, const WriterMark& mark,
                                    const StallRule& rule, mode_t mode);

  // In this order, so that the lock is released before its descriptor is closed.
  UniqueFd fd_;
  std::optional<FileLock> lock_;
};

enum class Holder { kNobody, kLiveWriter, kForeignWriter, kDeadWriter };

// Returns the kind of the current holder of `id`.
Result<Holder> FindHolder(const CacheDirectory& directory, const char* id, const StallRule& rule);

// The same, and removes the data and the token of a dead writer: kDeadWriter means that this call did so.  A token with
// bytes of a foreign writer belongs to that writer, and only loses our mark.
Result<Holder> RetireDeadWriter(const CacheDirectory& directory, const char* id, const StallRule& rule);

// Opens the token of the writer of `id`.  Fails with ENOENT if there is none; after another error it cannot be ours.
Result<UniqueFd> OpenToken(const CacheDirectory& directory, const char* id);

// Whether the writer of an open token with this mark is dead.
Result<bool> IsDeadWriter(const CacheDirectory& directory, int token, const WriterMark& mark, const StallRule& rule);

// Unlinks the bytes that a writer of ours is about to publish as `id`, if there is one: its commit will fail.
Status UnlinkDataOfWriter(const CacheDirectory& directory, const char* id);

}  // namespace xattr_cache
