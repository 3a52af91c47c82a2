#include "core/token.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "posix/file_times.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

Result<std::optional<FileLock>> Lock(int fd, const StallRule& rule) {
  if (!rule.locks_work) return std::optional<FileLock>();
  auto lock = FileLock::Acquire(fd, rule.probe_timeout);
  if (lock.failed_with(ETIMEDOUT)) return SysError{EWOULDBLOCK, "flock"};
  if (!lock.ok()) return lock.error();
  return std::optional(std::move(lock.value()));
}

// Readable for users that may write here, and for no others: a process that can read the token can lock it, and a lock
// keeps a dead writer's token from being retired.
Result<mode_t> ModeOfTokens(const CacheDirectory& directory) {
  sys::FileStat stat;
  if (sys::Stat(directory.incomplete(), &stat) != 0) return SysError::Last("statx");
  mode_t mode = S_IRUSR | S_IWUSR;
  if ((stat.mode & S_IWGRP) != 0) mode |= S_IRGRP | S_IWGRP;
  if ((stat.mode & S_IWOTH) != 0) mode |= S_IROTH | S_IWOTH;
  return mode;
}

// For a writer whose lock is free.  A free lock proves nothing about a writer on another host, or before our boot.
Result<bool> IsDead(const CacheDirectory& directory, int token, const WriterMark& mark, const StallRule& rule) {
  if (rule.locks_work && mark.boot_id == directory.boot().id) return true;

  sys::FileStat data;
  if (sys::StatAt(directory.incomplete(), mark.data_name.c_str(), &data) != 0) {
    if (errno == ENOENT) return true;  // The writer has nothing left to publish.
    return SysError::Last("statx");
  }
  if (mark.boot_id != directory.boot().id && ToNanoseconds(data.modified) < directory.boot().started_ns) return true;

  sys::FileStat stat;
  if (sys::Stat(token, &stat) != 0) return SysError::Last("statx");
  return std::min(AgeSeconds(data.modified), AgeSeconds(stat.modified)) > rule.stall_seconds;
}

// A file that no writer of ours has made.
bool IsUnopenable(const SysError& error) {
  return sys::IsNoFile(error.code) || error.code == EACCES;
}

// Whether a foreign writer, which ignores our locks, has opened our token by name and written bytes into it.
Result<bool> HasForeignBytes(int token) {
  sys::FileStat stat;
  if (sys::Stat(token, &stat) != 0) return SysError::Last("statx");
  return stat.size > 0;
}

}  // namespace

Result<UniqueFd> OpenToken(const CacheDirectory& directory, const char* id) {
  UniqueFd token(sys::OpenAt(directory.incomplete(), id, sys::kReadExisting));
  if (!token.valid()) return SysError::Last("openat");
  return token;
}

Result<bool> IsDeadWriter(const CacheDirectory& directory, int token, const WriterMark& mark, const StallRule& rule) {
  if (rule.locks_work) {
    const auto locked = IsLocked(token);
    if (!locked.ok()) return locked.error();
    if (locked.value()) return false;
  }
  return IsDead(directory, token, mark, rule);
}

Result<Token> Token::Create(const CacheDirectory& directory, const char* id, const WriterMark& mark,
                            const StallRule& rule) {
  const auto mode = ModeOfTokens(directory);
  if (!mode.ok()) return mode.error();
  auto token = CreateNameless(directory, id, mark, rule, mode.value());
  if (token.ok() || token.failed_with(EEXIST)) return token;
  // No nameless files, or no way to name them: not every file system or sandbox has them.
  return CreateByName(directory, id, mark, rule, mode.value());
}

Result<Token> Token::CreateNameless(const CacheDirectory& directory, const char* id, const WriterMark& mark,
                                    const StallRule& rule, mode_t mode) {
  UniqueFd fd(sys::OpenAt(directory.incomplete(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
  if (!fd.valid()) return SysError::Last("openat");

  const Status marked = WriteAttribute(fd.get(), kWriterAttribute, mark.Format());
  if (!marked.ok()) return marked.error();
  auto lock = Lock(fd.get(), rule);
  if (!lock.ok()) return lock.error();
  if (sys::LinkFile(fd.get(), directory.incomplete(), id) != 0) return SysError::Last("linkat");
  return Token(std::move(fd), std::move(lock.value()));
}

// Locks first and marks second: a marked token whose lock is free would count as a dead writer's.  A link and an unlink
// would not do: on FUSE the lock does not survive them.
Result<Token> Token::CreateByName(const CacheDirectory& directory, const char* id, const WriterMark& mark,
                                  const StallRule& rule, mode_t mode) {
  UniqueFd fd(sys::OpenAt(directory.incomplete(), id, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.valid()) return SysError::Last("openat");

  auto lock = Lock(fd.get(), rule);
  Status marked = lock.ok() ? WriteAttribute(fd.get(), kWriterAttribute, mark.Format()) : lock.error();
  if (!marked.ok()) {
    if (IsStill(directory.incomplete(), id, fd.get())) sys::UnlinkAt(directory.incomplete(), id);
    return marked.error();
  }
  // Before the lock, a reaper may have removed it as a foreign writer's.
  if (!IsStill(directory.incomplete(), id, fd.get())) return SysError{EWOULDBLOCK, "openat"};
  return Token(std::move(fd), std::move(lock.value()));
}

void Token::Remove(const CacheDirectory& directory, const char* id) {
  const auto ours = StatIfStill(directory.incomplete(), id, fd_.get());
  if (ours.has_value() && ours->size == 0) sys::UnlinkAt(directory.incomplete(), id);
  if (ours.has_value() && ours->size > 0) sys::RemoveAttribute(fd_.get(), kWriterAttribute);
  lock_.reset();
  fd_.Reset();
}

ClaimState Token::Find(const CacheDirectory& directory, const char* id) const {
  sys::FileStat stat;
  if (sys::StatAt(directory.incomplete(), id, &stat) != 0) {
    return errno == ENOENT ? ClaimState::kGone : ClaimState::kUnknown;
  }
  return IsStill(directory.incomplete(), id, fd_.get()) ? ClaimState::kHeld : ClaimState::kTaken;
}

Status Token::Remark(const WriterMark& mark) {
  return WriteAttribute(fd_.get(), kWriterAttribute, mark.Format());
}

Status Token::Touch() {
  const timespec now = sys::Now();
  if (sys::SetTimes(fd_.get(), now, now) != 0) return SysError::Last("utimensat");
  return Done{};
}

Result<Holder> FindHolder(const CacheDirectory& directory, const char* id, const StallRule& rule) {
  const auto token = OpenToken(directory, id);
  if (token.failed_with(ENOENT)) return Holder::kNobody;
  if (!token.ok()) return IsUnopenable(token.error()) ? Result<Holder>(Holder::kForeignWriter) : token.error();

  const auto mark = WriterMark::Read(token.value().get());
  if (!mark.ok()) return mark.error();
  if (!mark.value().has_value()) return Holder::kForeignWriter;

  const auto dead = IsDeadWriter(directory, token.value().get(), *mark.value(), rule);
  if (!dead.ok()) return dead.error();
  if (!dead.value()) return Holder::kLiveWriter;

  const auto foreign = HasForeignBytes(token.value().get());
  if (!foreign.ok()) return foreign.error();
  return foreign.value() ? Holder::kForeignWriter : Holder::kDeadWriter;
}

Result<Holder> RetireDeadWriter(const CacheDirectory& directory, const char* id, const StallRule& rule) {
  const auto token = OpenToken(directory, id);
  if (token.failed_with(ENOENT)) return Holder::kNobody;
  if (!token.ok()) return IsUnopenable(token.error()) ? Result<Holder>(Holder::kForeignWriter) : token.error();
  const int fd = token.value().get();

  const auto lock = Lock(fd, rule);
  if (lock.failed_with(EWOULDBLOCK)) return Holder::kLiveWriter;
  if (!lock.ok()) return lock.error();
  if (!IsStill(directory.incomplete(), id, fd)) return Holder::kNobody;

  // Read under the lock: a writer that had to take the token by name marks it only when it holds the lock.
  const auto mark = WriterMark::Read(fd);
  if (!mark.ok()) return mark.error();
  if (!mark.value().has_value()) return Holder::kForeignWriter;
  const auto dead = IsDead(directory, fd, *mark.value(), rule);
  if (!dead.ok()) return dead.error();
  if (!dead.value()) return Holder::kLiveWriter;

  // Data first: without its token, only its age would show that it has no writer.
  const auto data = Unlink(directory.incomplete(), mark.value()->data_name.c_str());
  if (!data.ok()) return data.error();
  const auto foreign = HasForeignBytes(fd);
  if (!foreign.ok()) return foreign.error();
  if (foreign.value()) {
    sys::RemoveAttribute(fd, kWriterAttribute);
    return Holder::kForeignWriter;
  }
  const auto gone = Unlink(directory.incomplete(), id);
  if (!gone.ok()) return gone.error();
  return gone.value() ? Holder::kDeadWriter : Holder::kNobody;
}

Status UnlinkDataOfWriter(const CacheDirectory& directory, const char* id) {
  const auto token = OpenToken(directory, id);
  if (!token.ok()) {
    if (token.failed_with(ENOENT) || IsUnopenable(token.error())) return Done{};
    return token.error();
  }
  const auto mark = WriterMark::Read(token.value().get());
  if (!mark.ok()) return mark.error();
  if (!mark.value().has_value()) return Done{};
  const auto data = Unlink(directory.incomplete(), mark.value()->data_name.c_str());
  if (!data.ok()) return data.error();
  return Done{};
}

}  // namespace xattr_cache
