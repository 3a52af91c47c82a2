#include "core/publish.h"

#include <string>

#include "core/image_id.h"
#include "core/private_name.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

// A reason is cut to this many bytes, and to fewer if the disk has no space for them.
constexpr size_t kLongestReason = 1024;
constexpr size_t kShortReason = 40;

// The mark is on disk with the bytes: a reader of the name sees both.
Status PutOnDisk(int fd) {
  sys::FileStat stat;
  if (sys::Stat(fd, &stat) != 0) return SysError::Last("statx");
  Status marked = WriteAttribute(fd, kSyncedAttribute, std::to_string(stat.inode));
  if (!marked.ok()) return marked;
  if (sys::SyncData(fd) != 0) return SysError::Last("fdatasync");
  return Done{};
}

Status RenameDraft(const CacheDirectory& directory, const Draft& draft, const char* id) {
  if (sys::RenameAt(directory.incomplete(), draft.name, directory.base(), id) == 0) return Done{};
  const SysError error = SysError::Last("renameat");

  // A network file system may report the failure of a repetition when the first attempt did it.
  if (IsStill(directory.base(), id, draft.fd)) return Done{};
  return error;
}

// linkat(2) does not replace, so an image that is there is renamed over.
Status NameOverExisting(const CacheDirectory& directory, const Draft& draft, const char* id) {
  const auto name = MakePrivateName();
  if (!name.ok()) return name.error();
  Draft named = draft;
  named.name = name.value().c_str();
  if (sys::LinkFile(draft.fd, directory.incomplete(), named.name) != 0) return SysError::Last("linkat");
  Status renamed = RenameDraft(directory, named, id);
  if (!renamed.ok()) sys::UnlinkAt(directory.incomplete(), named.name);
  return renamed;
}

Status NameDraft(const CacheDirectory& directory, const Draft& draft, const char* id) {
  if (sys::LinkFile(draft.fd, directory.base(), id) == 0) return Done{};
  if (errno == EEXIST) return NameOverExisting(directory, draft, id);
  return SysError{EOPNOTSUPP, "linkat"};
}

}  // namespace

Status WriteFully(int fd, std::span<const std::byte> bytes, uint64_t position) {
  while (!bytes.empty()) {
    const ssize_t written = sys::WriteAt(fd, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (written < 0) return SysError::Last("pwrite64");
    if (written == 0) return SysError{EIO, "pwrite64"};
    bytes = bytes.subspan(static_cast<size_t>(written));
    position += static_cast<uint64_t>(written);
  }
  return Done{};
}

void RecordReason(int fd, std::string_view reason) {
  for (const size_t size : {kLongestReason, kShortReason}) {
    if (WriteAttribute(fd, kErrorAttribute, CutUtf8(reason, size)).ok()) return;
  }
}

Status Publish(const CacheDirectory& directory, Draft& draft, const char* id) {
  if (directory.publishing() == Publishing::kSynced) {
    Status synced = PutOnDisk(draft.fd);
    if (!synced.ok()) return synced;
  }
  Status stamped = directory.clock().Stamp(directory.base(), draft.fd, draft.started_ns);
  if (!stamped.ok()) return stamped;
  Status marked = WriteAttribute(draft.fd, kHitsAttribute, "0");
  if (!marked.ok()) return marked;
  draft.complete = true;
  return draft.name == nullptr ? NameDraft(directory, draft, id) : RenameDraft(directory, draft, id);
}

void PopQueue(const CacheDirectory& directory, const char* id) {
  sys::UnlinkAt(directory.queue(), id);
}

}  // namespace xattr_cache
