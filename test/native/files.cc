#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <vector>

namespace testing {

namespace {

timespec ToTimespec(int64_t ns) {
  return {ns / kSecond, static_cast<long>(ns % kSecond)};
}
int64_t ToNs(const timespec& time) {
  return static_cast<int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

}  // namespace

std::string TemporaryDirectory::Root() {
  const char* chosen = std::getenv("TMPDIR");
  return chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen;
}

std::string TemporaryDirectory::FastRoot() {
  constexpr char kMemory[] = "/dev/shm";
  const bool wished_for = std::getenv("TMPDIR") != nullptr;
  return !wished_for && ::access(kMemory, W_OK) == 0 && CanHoldAttributes(kMemory) ? kMemory : Root();
}

TemporaryDirectory::TemporaryDirectory(const std::string& root) : path_(root + "/xattr-cache-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr || ::chmod(path_.c_str(), 0755) != 0) std::abort();
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool TemporaryDirectory::CanHoldAttributes(const std::string& root) {
  const TemporaryDirectory directory(root);
  const std::string file = directory.path() + "/file";
  WriteFile(file, "");
  return ::setxattr(file.c_str(), "user.test", "1", 1, 0) == 0;
}

std::optional<std::string> ReadFile(const std::string& path) {
  const OpenFile file(path, O_NOFOLLOW | O_NONBLOCK);
  if (file.fd() < 0) return std::nullopt;
  std::string bytes;
  char buffer[65536];
  ssize_t size = 0;
  while ((size = ::read(file.fd(), buffer, sizeof(buffer))) > 0) bytes.append(buffer, static_cast<size_t>(size));
  if (size < 0) return std::nullopt;
  return bytes;
}

void WriteFile(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  ::close(fd);
}

std::string Names(const std::string& directory) {
  std::vector<std::string> names;
  DIR* stream = ::opendir(directory.c_str());
  if (stream == nullptr) return "(no directory)";
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(stream);
  std::ranges::sort(names);
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : " ") + name;
  return joined;
}

bool Exists(const std::string& path) {
  struct stat stat{};
  return ::lstat(path.c_str(), &stat) == 0;
}

struct stat StatOf(const std::string& path) {
  struct stat stat{};
  if (::lstat(path.c_str(), &stat) != 0) std::abort();
  return stat;
}

std::optional<std::string> Attribute(const std::string& path, const char* name) {
  char value[8192];
  const ssize_t size = ::lgetxattr(path.c_str(), name, value, sizeof(value));
  if (size < 0) return std::nullopt;
  return std::string(value, static_cast<size_t>(size));
}

void SetAttribute(const std::string& path, const char* name, std::string_view value) {
  if (::lsetxattr(path.c_str(), name, value.data(), value.size(), 0) != 0) std::abort();
}

int64_t NowNs() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return ToNs(now);
}

int64_t AccessedNs(const std::string& path) {
  return ToNs(StatOf(path).st_atim);
}
int64_t ModifiedNs(const std::string& path) {
  return ToNs(StatOf(path).st_mtim);
}

void SetTimes(const std::string& path, int64_t accessed_ns, int64_t modified_ns) {
  const timespec times[] = {ToTimespec(accessed_ns), ToTimespec(modified_ns)};
  if (::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) std::abort();
}

void MakeOlder(const std::string& path, double seconds) {
  const auto by = static_cast<int64_t>(seconds * static_cast<double>(kSecond));
  SetTimes(path, AccessedNs(path) - by, ModifiedNs(path) - by);
}

bool IsFlocked(const std::string& path) {
  return Exists(path) && !OpenFile(path).TryFlock();
}

OpenFile::OpenFile(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {}

OpenFile::~OpenFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool OpenFile::TryFlock() const {
  return ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
}

int64_t OpenFile::Size() const {
  struct stat stat{};
  return ::fstat(fd_, &stat) == 0 ? stat.st_size : -1;
}

}  // namespace testing
