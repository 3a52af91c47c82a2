#include "core/image_writer.h"

#include <fcntl.h>

#include <algorithm>

#include "core/private_name.h"
#include "core/publish.h"
#include "posix/file_times.h"
#include "posix/named_file.h"
#include "posix/syscalls.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

// After so many dead writers in a row, another process is considered to be faster.
constexpr int kMaxTakeOvers = 8;

constexpr uint64_t kBytesBetweenSyncs = uint64_t{4} << 20;

bool IsFull(int code) {
  return code == ENOSPC || code == EDQUOT;
}

Result<Token> ClaimToken(const CacheDirectory& directory, const char* id, const WriterMark& mark,
                         const StallRule& rule) {
  for (int attempt = 0; attempt < kMaxTakeOvers; attempt++) {
    auto token = Token::Create(directory, id, mark, rule);
    if (!token.failed_with(EEXIST)) return token;

    const auto holder = RetireDeadWriter(directory, id, rule);
    if (!holder.ok()) return holder.error();
    if (holder.value() == Holder::kForeignWriter) return SysError{EBUSY, "linkat"};
    if (holder.value() == Holder::kLiveWriter) break;
  }
  return SysError{EWOULDBLOCK, "flock"};
}

}  // namespace

Result<ImageWriter> ImageWriter::Claim(std::shared_ptr<const CacheDirectory> directory, std::string id,
                                       const StallRule& rule) {
  auto name = MakePrivateName();
  if (!name.ok()) return name.error();
  const WriterMark mark{name.value(), directory->boot().id};
  const int64_t started_ns = ToNanoseconds(sys::SinceBoot());

  // Before the token, so that a token never names missing bytes.
  UniqueFd data(sys::OpenAt(directory->incomplete(), name.value().c_str(),
                            O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!data.valid()) return SysError::Last("openat");

  auto token = ClaimToken(*directory, id.c_str(), mark, rule);
  if (!token.ok()) {
    sys::UnlinkAt(directory->incomplete(), name.value().c_str());
    return token.error();
  }
  return ImageWriter(std::move(directory), std::move(id), std::move(name.value()), std::move(data),
                     std::move(token.value()), started_ns);
}

ImageWriter::~ImageWriter() {
  if (open()) Abandon();
}

Status ImageWriter::Reserve(uint64_t size) {
  if (size == 0) return Done{};
  reserved_ = std::max(reserved_, size);  // Also if it fails: it may have got a part.
  if (sys::Reserve(data_.get(), static_cast<off_t>(size)) == 0) return Done{};
  if (IsFull(errno) || errno == EFBIG) return SysError::Last("fallocate");
  return Done{};
}

Status ImageWriter::Write(std::span<const std::byte> bytes) {
  if (lost_.has_value()) return *lost_;
  Status written = Noted(WriteFully(data_.get(), bytes, bytes_written_));
  if (!written.ok()) torn_ = true;
  if (!written.ok()) return written;
  bytes_written_ += bytes.size();
  return SyncNowAndThen();
}

// So that little is left to wait for when it is committed.
Status ImageWriter::SyncNowAndThen() {
  if (directory_->publishing() != Publishing::kSynced || bytes_written_ - synced_ < kBytesBetweenSyncs) return Done{};
  synced_ = bytes_written_;
  if (sys::SyncData(data_.get()) == 0) return Done{};
  lost_ = SysError::Last("fdatasync");
  return *lost_;
}

Status ImageWriter::Touch() {
  Status token = token_.Touch();
  const timespec now = sys::Now();
  if (sys::SetTimes(data_.get(), now, now) != 0) return SysError::Last("utimensat");
  return token;
}

Status ImageWriter::Commit() {
  if (lost_.has_value()) return *lost_;
  // Cuts off the bytes of a failed write, and gives back the space reserved beyond the end.
  if ((torn_ || reserved_ > bytes_written_) && sys::Truncate(data_.get(), static_cast<off_t>(bytes_written_)) != 0 &&
      torn_) {
    return SysError::Last("ftruncate");
  }
  Draft draft{.fd = data_.get(), .name = data_name_.c_str(), .started_ns = started_ns_};
  Status published = Noted(Publish(*directory_, draft, id_.c_str()));
  marked_complete_ = draft.complete;
  if (!published.ok()) return published;
  const auto directory = directory_;
  LetGo();
  PopQueue(*directory, id_.c_str());
  return Done{};
}

Status ImageWriter::Rollback(std::string_view reason, uint64_t largest_kept) {
  if (marked_complete_) sys::RemoveAttribute(data_.get(), kHitsAttribute);
  const bool given_up = full_ || bytes_written_ > largest_kept;
  const bool empty = given_up && !marked_complete_;
  const uint64_t kept = empty ? 0 : bytes_written_;
  if (empty || reserved_ > bytes_written_) sys::Truncate(data_.get(), static_cast<off_t>(kept));
  RecordReason(data_.get(), reason);
  Status done = given_up && marked_complete_ ? UnlinkData() : MoveToInvalid();
  LetGo();
  return done;
}

// Remembers, for a rollback, whether there was no space.
Status ImageWriter::Noted(Status outcome) {
  full_ = !outcome.ok() && IsFull(outcome.error().code);
  return outcome;
}

Status ImageWriter::RecordDigest(std::string_view text) {
  return WriteAttribute(data_.get(), kDigestAttribute, text);
}

Status ImageWriter::NoteLength(uint64_t length) {
  return token_.Remark({data_name_, directory_->boot().id, length});
}

void ImageWriter::Abandon() {
  RecordReason(data_.get(), kAbandonedReason);
  Discard();
}

void ImageWriter::Discard() {
  sys::UnlinkAt(directory_->incomplete(), data_name_.c_str());
  LetGo();
}

Status ImageWriter::MoveToInvalid() {
  const auto move = [&] {
    return sys::RenameAt(directory_->incomplete(), data_name_.c_str(), directory_->invalid(), id_.c_str());
  };
  if (move() == 0 || errno == ENOENT) return Done{};  // ENOENT: deleted meanwhile
  if (IsFull(errno) && !marked_complete_ && sys::Truncate(data_.get(), 0) == 0 && move() == 0) return Done{};
  return UnlinkData();
}

Status ImageWriter::UnlinkData() {
  const auto gone = Unlink(directory_->incomplete(), data_name_.c_str());
  if (!gone.ok()) return gone.error();
  return Done{};
}

void ImageWriter::LetGo() {
  token_.Remove(*directory_, id_.c_str());
  data_.Reset();
  directory_.reset();
}

}  // namespace xattr_cache
