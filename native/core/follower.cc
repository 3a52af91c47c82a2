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

Result<WriterState> Follower::Poll() const {
  auto state = ReadState();
  if (!state.ok() || state.value().progress != Progress::kGrowing) return state;

  const auto dead = IsDeadWriter(*directory_, token_.get(), mark_, rule_);
  if (!dead.ok()) return dead.error();
  if (!dead.value()) return state;
  // It may have finished between the reads of its file and its lock.
  state = ReadState();
  if (state.ok() && state.value().progress == Progress::kGrowing) {
    state.value().progress = Progress::kDead;
    state.value().expected_size = ExpectedSize();
  }
  return state;
}

bool Follower::HasOtherReaders() const {
  return sys::HasOtherReaders(image_->fd.get()) == 1;
}

// Read again: the writer may have learnt it since.  Without it, the successor's source must report it.
std::optional<uint64_t> Follower::ExpectedSize() const {
  const auto mark = WriterMark::Read(token_.get());
  return mark.ok() && mark.value().has_value() ? mark.value()->length : std::nullopt;
}

// The size last: it is final once the outcome is known.
Result<WriterState> Follower::ReadState() const {
  const int fd = image_->fd.get();
  WriterState state;
  auto error = ReadAttribute(fd, kErrorAttribute);
  if (!error.ok()) return error.error();
  if (error.value().has_value()) {
    state.progress = Progress::kFailed;
    state.reason = std::move(*error.value());
    state.expected_size = ExpectedSize();
  } else {
    const auto hits = ReadAttribute(fd, kHitsAttribute);
    if (!hits.ok()) return hits.error();
    if (hits.value().has_value()) state.progress = Progress::kComplete;
  }
  sys::FileStat stat;
  if (sys::Stat(fd, &stat) != 0) return SysError::Last("statx");
  state.size = stat.size;
  return state;
}

}  // namespace xattr_cache
