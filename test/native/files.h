// Files as a stranger to the engine sees them: everything here calls the kernel directly, so that no fault that a test
// injects reaches it.

#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace testing {

// An empty directory that goes with the object.  Strangers may look into it, since some tests are run as one.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& root = Root());
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

  // Where they are made: $TMPDIR, or /tmp.
  static std::string Root();
  // For thousands of them: the same, or in memory where that can be had and nothing else is wished for.
  static std::string FastRoot();
  static bool CanHoldAttributes(const std::string& root);

 private:
  std::string path_;
};

inline std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// All bytes of a regular file; nothing if there is none.
std::optional<std::string> ReadFile(const std::string& path);
// Made anew, with mode 0644.
void WriteFile(const std::string& path, std::string_view bytes);

// The names in a directory, dot files too, sorted, with a space between them.
std::string Names(const std::string& directory);
bool Exists(const std::string& path);
struct stat StatOf(const std::string& path);

std::optional<std::string> Attribute(const std::string& path, const char* name);
void SetAttribute(const std::string& path, const char* name, std::string_view value);

inline constexpr int64_t kSecond = 1'000'000'000;
int64_t NowNs();
int64_t AccessedNs(const std::string& path);
int64_t ModifiedNs(const std::string& path);
// In nanoseconds since the epoch.
void SetTimes(const std::string& path, int64_t accessed_ns, int64_t modified_ns);
// Sets both times back.
void MakeOlder(const std::string& path, double seconds);

// Returns whether the file exists and is locked with flock(2).
bool IsFlocked(const std::string& path);

// A descriptor of its own, closed with the object.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path, int flags = 0);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int fd() const { return fd_; }
  bool TryFlock() const;
  int64_t Size() const;

 private:
  int fd_;
};

}  // namespace testing
