// Who writes an image: the token incomplete/ID.
//
// A token of ours is an empty file that bears the writer's mark and is locked for as long as the writer lives.  A
// kernel drops the locks of a process that dies, so a marked token whose lock is free is a dead writer's, on the host
// that took it.  What bears no mark is a foreign writer's (Glance keeps its partial bytes there).
//
// Only users who may write into incomplete/ may open a token, and so lock it.  A dead writer's token that one of them
// has locked cannot be retired: for a shared lock FindHolder says kDeadWriter and RetireDeadWriter kLiveWriter.  An
// exclusive lock looks like the writer's own.

#pragma once

#include <chrono>
#include <string>

#include "core/cache_directory.h"
#include "core/file_lock.h"
#include "core/result.h"
#include "core/unique_fd.h"
#include "core/writer_mark.h"

namespace xattr_cache {

// When a writer that cannot be seen to live counts as dead.
struct StallRule {
  // For writers of other hosts, and for all where locks do not work: longest silence, in seconds.
  double stall_seconds = 86'400;
  // Whether a lock that is free proves anything here.
  bool locks_work = true;
  // How long a lock may be waited for that is probably only a prober's.  Zero for callers that must not sleep.
  std::chrono::milliseconds probe_timeout{0};
};

class [[nodiscard]] Token {
 public:
  // Claims `id`: the token is marked and locked from the first moment it can be seen.  Fails with EEXIST if there is
  // one already, with EWOULDBLOCK if others got in the way; try again then.
  static Result<Token> Create(const CacheDirectory& directory, const char* id, const WriterMark& mark,
                              const StallRule& rule);

  // Takes the token away, unless it has become somebody else's: a foreign writer may have opened it by name and put
  // bytes into it, and then only our mark comes off.  Nothing is left to do if this fails; who comes later finds a dead
  // writer's token.
  void Remove(const CacheDirectory& directory, const char* id);

  // Puts another mark in place of the one that it was created with, in one step.
  Status Remark(const WriterMark& mark);

  // Tells cleaners that go by age, Glance's among them, that the writer lives.
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

// Who holds `id` now.
Result<Holder> FindHolder(const CacheDirectory& directory, const char* id, const StallRule& rule);

// The same, and if it is a dead writer, its data and its token are removed: kDeadWriter says that this call did so.  A
// token that a foreign writer has put bytes into is that writer's, and only our mark comes off.
Result<Holder> RetireDeadWriter(const CacheDirectory& directory, const char* id, const StallRule& rule);

// The token of whoever writes `id`.  ENOENT if nobody does; any other failure: it cannot be ours.
Result<UniqueFd> OpenToken(const CacheDirectory& directory, const char* id);

// Whether the writer is dead whose token, with this mark, is open.
Result<bool> IsDeadWriter(const CacheDirectory& directory, int token, const WriterMark& mark, const StallRule& rule);

// Unlinks the bytes that the writer of `id`, if there is one of ours, is about to publish: its commit will fail.
Status UnlinkDataOfWriter(const CacheDirectory& directory, const char* id);

}  // namespace xattr_cache
