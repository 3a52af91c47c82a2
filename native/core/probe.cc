#include "core/probe.h"

#include <fcntl.h>

#include <array>

#include "core/image_id.h"
#include "core/image_reader.h"
#include "core/image_writer.h"
#include "core/private_name.h"
#include "core/token.h"
#include "posix/directory_walk.h"
#include "posix/file_times.h"
#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

constexpr mode_t kProbeMode = 0600;
constexpr int kImagesToTry = 16;

// A probe's name.  It is removed at the end, wherever it is then.
class ProbeName {
 public:
  ProbeName(const CacheDirectory& directory, std::string name) : directory_(directory), name_(std::move(name)) {}
  ProbeName(const ProbeName&) = delete;
  ProbeName& operator=(const ProbeName&) = delete;
  ~ProbeName() {
    for (const int part : {directory_.base(), directory_.incomplete(), directory_.invalid()}) {
      sys::UnlinkAt(part, c_str());
    }
  }

  const char* c_str() const { return name_.c_str(); }
  const std::string& str() const { return name_; }

 private:
  const CacheDirectory& directory_;
  const std::string name_;
};

bool HasNamelessFiles(const CacheDirectory& directory) {
  const auto name = MakePrivateName();
  const UniqueFd file(sys::OpenAt(directory.incomplete(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, kProbeMode));
  if (!name.ok() || !file.valid()) return false;
  if (sys::LinkFile(file.get(), directory.incomplete(), name.value().c_str()) != 0) return false;
  sys::UnlinkAt(directory.incomplete(), name.value().c_str());
  return true;
}

// Claims, and tests whether a second claim is refused.
Result<ImageWriter> ClaimTwice(const std::shared_ptr<const CacheDirectory>& directory, const std::string& id,
                               bool* locks) {
  const StallRule trusting;
  StallRule by_age;
  by_age.locks_work = false;

  auto first = ImageWriter::Claim(directory, id, trusting);
  if (!first.ok() && LocksAreMissing(first.error())) {
    *locks = false;
    return ImageWriter::Claim(directory, id, by_age);
  }
  if (!first.ok()) return first;

  auto second = ImageWriter::Claim(directory, id, trusting);
  if (second.failed_with(EWOULDBLOCK)) return first;
  // The second has taken the claim from the first, and is as good.
  if (second.ok()) *locks = false;
  return second;
}

double MeasureTimeResolution(int fd) {
  const timespec odd{1'000'000'000, 123'456'789};
  sys::FileStat stat;
  if (sys::SetTimes(fd, odd, odd) != 0 || sys::Stat(fd, &stat) != 0) return 0;
  for (const int64_t step : {int64_t{1}, int64_t{100}, int64_t{1'000}, int64_t{1'000'000}}) {
    if (stat.accessed.tv_nsec == odd.tv_nsec / step * step) return static_cast<double>(step) / 1e6;
  }
  return static_cast<double>(kNanosecondsPerSecond) / 1e6;
}

bool CanClone(const CacheDirectory& directory, int source) {
  const auto name = MakePrivateName();
  if (!name.ok()) return false;
  const UniqueFd copy(sys::OpenAt(directory.incomplete(), name.value().c_str(),
                                  O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, kProbeMode));
  if (!copy.valid()) return false;
  sys::UnlinkAt(directory.incomplete(), name.value().c_str());
  return sys::CloneFile(copy.get(), source) == 0;
}

Status TryReading(const CacheDirectory& directory, const char* id, Findings* findings) {
  const auto image = OpenImageFile(directory, id, Waiting::kAllowed);
  if (!image.ok()) return image.error();
  const int fd = image.value().fd.get();
  const auto hit = RecordHit(fd, std::chrono::nanoseconds{0});
  if (!hit.ok()) return hit.error();
  if (hit.value().outcome == HitOutcome::kNotWritten && findings->locks) return hit.value().problem;

  findings->cached_open = OpenImageFile(directory, id, Waiting::kNever).ok();
  std::array<std::byte, 1> byte;
  findings->nowait_read = sys::ReadCachedAt(fd, byte.data(), byte.size(), 0) == 1;
  findings->time_resolution_ms = MeasureTimeResolution(fd);
  findings->reflink = CanClone(directory, fd);
  return Done{};
}

}  // namespace

Result<Findings> ProbeDirectory(const std::shared_ptr<const CacheDirectory>& directory) {
  Findings findings;
  findings.nameless_files = HasNamelessFiles(*directory);

  auto private_name = MakePrivateName();
  if (!private_name.ok()) return private_name.error();
  const ProbeName name(*directory, std::move(private_name.value()));

  auto writer = ClaimTwice(directory, name.str(), &findings.locks);
  if (!writer.ok()) return writer.error();
  const std::array bytes{std::byte{'p'}};
  const Status written = writer.value().Write(bytes);
  if (!written.ok()) return written.error();
  const Status committed = writer.value().Commit();
  // Otherwise each process would end with a checkpoint, for a trial that is gone.
  directory->clock().Forget();
  if (!committed.ok()) return committed.error();

  const Status read = TryReading(*directory, name.c_str(), &findings);
  if (!read.ok()) return read.error();
  return findings;
}

Result<bool> MayWriteImages(const CacheDirectory& directory) {
  auto walk = DirectoryWalk::Open(directory.base());
  if (!walk.ok()) return walk.error();
  int tried = 0;
  while (tried < kImagesToTry) {
    const auto entry = walk.value().Next();
    if (!entry.ok()) return entry.error();
    if (!entry.value().has_value()) break;
    if (!entry.value()->MaybeRegular() || !IsImageId(entry.value()->view())) continue;
    if (sys::CanWriteAt(directory.base(), entry.value()->name) == 0) return true;
    tried++;
  }
  return tried == 0;
}

}  // namespace xattr_cache
