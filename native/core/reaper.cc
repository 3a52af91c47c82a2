#include "core/reaper.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/private_name.h"
#include "core/writer_mark.h"
#include "posix/directory_walk.h"
#include "posix/file_times.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/unique_fd.h"

namespace xattr_cache {

namespace {

constexpr char kIncomplete[] = "incomplete/";

// The longest time from the creation of a writer's data to its token.
constexpr double kYoungestOrphanSeconds = 60;

// A live writer's token and data never reach this age, see ImageWriter::Touch, unless the machine slept.  In that case
// the writer loses its claim, and its commit fails.
constexpr double kLongestSilenceSeconds = 2 * 3600;

// A file that a network file system keeps for a process that has it open stays.
Result<bool> UnlinkUnlessKept(int directory, const char* name) {
  auto gone = Unlink(directory, name);
  if (gone.failed_with(EBUSY)) return false;
  return gone;
}

// Without grace: all files.  Otherwise strictly older ones.
Result<bool> IsOlder(int directory, const char* name, double grace_seconds) {
  sys::FileStat stat;
  if (sys::StatAt(directory, name, &stat) != 0) {
    if (errno == ENOENT) return false;
    return SysError::Last("statx");
  }
  return !stat.directory() && (grace_seconds <= 0 || AgeSeconds(stat.modified) > grace_seconds);
}

Result<bool> UnlinkIfOlder(int directory, const char* name, double grace_seconds) {
  auto older = IsOlder(directory, name, grace_seconds);
  if (!older.ok() || !older.value()) return older;
  return UnlinkUnlessKept(directory, name);
}

// Collects the matching names, so that no name is removed during the walk.
Result<std::vector<std::string>> ReadNames(int directory, bool (*is_wanted)(std::string_view name)) {
  auto walk = DirectoryWalk::Open(directory);
  if (!walk.ok()) return walk.error();
  std::vector<std::string> names;
  while (true) {
    const auto entry = walk.value().Next();
    if (!entry.ok()) return entry.error();
    if (!entry.value().has_value()) return names;
    if (entry.value()->type == DT_DIR) continue;
    const std::string_view name = entry.value()->view();
    if (is_wanted(name)) names.emplace_back(name);
  }
}

// Other dot files are not ours.
bool IsNoDotFile(std::string_view name) {
  return name.front() != '.' || IsPrivateName(name);
}

// A file that may belong to a foreign writer or to one of ours.
Result<bool> ReapUnreadable(const CacheDirectory& directory, const char* id, double grace_seconds) {
  auto gone = UnlinkIfOlder(directory.incomplete(), id, std::max(grace_seconds, kLongestSilenceSeconds));
  if (gone.failed_with(EACCES) || gone.failed_with(EPERM)) return false;
  return gone;
}

// Removes a foreign file under its lock, after another check of the inode: a writer of ours that takes the token by
// name holds the lock before it marks the token.
Result<bool> ReapForeign(const CacheDirectory& directory, const char* id, double grace_seconds) {
  auto older = IsOlder(directory.incomplete(), id, grace_seconds);
  if (!older.ok() || !older.value()) return older;

  const UniqueFd file(sys::OpenAt(directory.incomplete(), id, sys::kReadExisting));
  if (!file.valid()) {
    if (sys::IsNoFile(errno)) return UnlinkUnlessKept(directory.incomplete(), id);
    if (errno == ENOENT) return false;
    if (errno == EACCES) return ReapUnreadable(directory, id, grace_seconds);
    return SysError::Last("openat");
  }
  const auto lock = FileLock::TryAcquire(file.get());
  if (lock.failed_with(EWOULDBLOCK)) return false;
  const auto mark = WriterMark::Read(file.get());
  if (mark.ok() && mark.value().has_value()) return false;
  if (!IsStill(directory.incomplete(), id, file.get())) return false;
  return UnlinkUnlessKept(directory.incomplete(), id);
}

Result<bool> ReapToken(const CacheDirectory& directory, const char* id, double grace_seconds, const StallRule& rule) {
  const auto holder = RetireDeadWriter(directory, id, rule);
  if (!holder.ok()) return holder.error();
  if (holder.value() == Holder::kDeadWriter) return true;
  if (holder.value() == Holder::kForeignWriter) return ReapForeign(directory, id, grace_seconds);
  return false;
}

// The private names in the marks of the tokens in incomplete/.
struct SpokenFor {
  std::set<std::string> data;
  bool all = true;  // False if this user may not open one of them.
};

// Fails if a token cannot be read for another reason: it is then unknown which bytes have no writer.
Result<SpokenFor> ReadDataNames(const CacheDirectory& directory, const std::vector<std::string>& names) {
  SpokenFor spoken_for;
  for (const std::string& name : names) {
    if (IsPrivateName(name)) continue;
    const UniqueFd token(sys::OpenAt(directory.incomplete(), name.c_str(), sys::kReadExisting));
    if (!token.valid()) {
      if (errno != ENOENT && errno != EACCES && !sys::IsNoFile(errno)) {
        return SysError::Last("openat").On(kIncomplete + name);
      }
      if (errno == EACCES) spoken_for.all = false;
      continue;
    }
    const auto mark = WriterMark::Read(token.get());
    if (!mark.ok()) return mark.error().On(kIncomplete + name);
    if (mark.value().has_value()) spoken_for.data.insert(mark.value()->data_name);
  }
  return spoken_for;
}

// Removes the matching files of a directory.  `path` is the directory's, for errors.
Result<uint64_t> ReapOlder(int directory, const std::string& path, bool (*is_wanted)(std::string_view name),
                           double grace_seconds) {
  const auto names = ReadNames(directory, is_wanted);
  if (!names.ok()) return names.error();
  uint64_t reaped = 0;
  for (const std::string& name : names.value()) {
    auto gone = UnlinkIfOlder(directory, name.c_str(), grace_seconds);
    if (!gone.ok()) return gone.error().On(path + name);
    if (gone.value()) reaped++;
  }
  return reaped;
}

}  // namespace

Result<uint64_t> ReapInvalid(const CacheDirectory& directory, double grace_seconds) {
  return ReapOlder(directory.invalid(), "invalid/", IsNoDotFile, grace_seconds);
}

Result<uint64_t> ReapStalled(const CacheDirectory& directory, double grace_seconds, const StallRule& rule) {
  const auto names = ReadNames(directory.incomplete(), IsNoDotFile);
  if (!names.ok()) return names.error();

  uint64_t reaped = 0;
  for (const std::string& name : names.value()) {
    if (IsPrivateName(name)) continue;
    const auto gone = ReapToken(directory, name.c_str(), grace_seconds, rule);
    if (!gone.ok()) return gone.error().On(kIncomplete + name);
    if (gone.value()) reaped++;
  }

  // After the tokens: the data of dead writers is removed together with theirs.
  const auto spoken_for = ReadDataNames(directory, names.value());
  if (!spoken_for.ok()) return spoken_for.error();
  const double youngest = spoken_for.value().all ? kYoungestOrphanSeconds : kLongestSilenceSeconds;
  const double orphan_grace = std::max(grace_seconds, youngest);
  for (const std::string& name : names.value()) {
    if (!IsPrivateName(name) || spoken_for.value().data.contains(name)) continue;
    auto gone = UnlinkIfOlder(directory.incomplete(), name.c_str(), orphan_grace);
    if (!gone.ok()) return gone.error().On(kIncomplete + name);
    if (gone.value()) reaped++;
  }
  // Images of ProbeDirectory that it could not remove, or that it left because its process died.
  const auto probes = ReapOlder(directory.base(), "", IsPrivateName, orphan_grace);
  if (!probes.ok()) return probes.error();
  return reaped + probes.value();
}

}  // namespace xattr_cache
