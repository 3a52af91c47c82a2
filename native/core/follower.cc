#include "core/follower.h"

#include <fcntl.h>

#include "posix/syscalls.h"
#include "posix/xattr.h"

namespace xattr_cache {

Result<Follower> Follower::Open(std::shared_ptr<const CacheDirectory> directory, const std::string& id,
                                const StallRule& rule, bool announce) {
  auto token = OpenToken(*directory, id.c_str());
  if (token.failed_with(ENOENT)) return token.error();
  if (!token.ok()) return SysError{EBUSY, "openat"};
  const auto mark = WriterMark::Read(token.value().get());
  if (!mark.ok()) return mark.error();
  if (!mark.value().has_value()) return SysError{EBUSY, "fgetxattr"};

  auto image = OpenPrivateFile(*directory, mark.value()->data_name.c_str());
  if (!image.ok()) return image.error();
  // Optional: without it, a writer whose own readers leave gives up, and we take over.
  if (announce) (void)sys::LockAsReader(image.value().fd.get());
  return Follower(std::move(directory), std::make_shared<OpenImage>(std::move(image.value())), std::move(token.value()),
                  *mark.value(), rule);
}

Result<Sighting> Follower::Look() const {
  auto seen = LookAtFile();
  if (!seen.ok() || seen.value().progress != Progress::kGrowing) return seen;

  const auto dead = IsDeadWriter(*directory_, token_.get(), mark_, rule_);
  if (!dead.ok()) return dead.error();
  if (!dead.value()) return seen;
  // It may have finished between the look at its file and the one at its lock.
  seen = LookAtFile();
  if (seen.ok() && seen.value().progress == Progress::kGrowing) {
    seen.value().progress = Progress::kDead;
    seen.value().expected_size = ExpectedSize();
  }
  return seen;
}

bool Follower::HasCompany() const {
  return sys::HasOtherReaders(image_->fd.get()) == 1;
}

// Read again: the writer may have learnt it since.  Without it, the successor's source must report it.
std::optional<uint64_t> Follower::ExpectedSize() const {
  const auto mark = WriterMark::Read(token_.get());
  return mark.ok() && mark.value().has_value() ? mark.value()->length : std::nullopt;
}

// The size last: it is final once there is a verdict.
Result<Sighting> Follower::LookAtFile() const {
  const int fd = image_->fd.get();
  Sighting seen;
  auto error = ReadAttribute(fd, kErrorAttribute);
  if (!error.ok()) return error.error();
  if (error.value().has_value()) {
    seen.progress = Progress::kFailed;
    seen.reason = std::move(*error.value());
    seen.expected_size = ExpectedSize();
  } else {
    const auto hits = ReadAttribute(fd, kHitsAttribute);
    if (!hits.ok()) return hits.error();
    if (hits.value().has_value()) seen.progress = Progress::kComplete;
  }
  sys::FileStat stat;
  if (sys::Stat(fd, &stat) != 0) return SysError::Last("statx");
  seen.size = stat.size;
  return seen;
}

}  // namespace xattr_cache
