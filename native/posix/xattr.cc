#include "posix/xattr.h"

#include "posix/syscalls.h"

namespace xattr_cache {

namespace {

// Holds every value that this cache writes but the longest error texts.
constexpr size_t kUsualSize = 256;

// `get(buffer, size)` is one of the getxattr family: with size 0 it returns the length of the value.
template <typename Get>
Result<std::optional<std::string>> Read(const char* syscall, Get get) {
  std::string value(kUsualSize, '\0');
  while (true) {
    const ssize_t size = get(value.data(), value.size());
    if (size >= 0) {
      value.resize(static_cast<size_t>(size));
      return std::optional(std::move(value));
    }
    if (errno == ENODATA) return std::optional<std::string>();
    if (errno != ERANGE) return SysError::Last(syscall);

    // Another process may change the value between the two calls; hence the loop.
    const ssize_t length = get(nullptr, 0);
    if (length < 0 && errno != ENODATA) return SysError::Last(syscall);
    value.resize(length > 0 ? static_cast<size_t>(length) : kUsualSize);
  }
}

}  // namespace

Result<std::optional<std::string>> ReadAttribute(int fd, const char* name) {
  return Read("fgetxattr", [&](char* value, size_t size) { return sys::GetAttribute(fd, name, value, size); });
}

Result<std::optional<std::string>> ReadAttributeOfPath(const char* path, const char* name) {
  return Read("getxattr", [&](char* value, size_t size) { return sys::GetAttributeOfPath(path, name, value, size); });
}

Status WriteAttribute(int fd, const char* name, std::string_view value) {
  if (sys::SetAttribute(fd, name, value.data(), value.size()) != 0) return SysError::Last("fsetxattr");
  return Done{};
}

Status WriteAttributeOfPath(const char* path, const char* name, std::string_view value) {
  if (sys::SetAttributeOfPath(path, name, value.data(), value.size()) != 0) return SysError::Last("setxattr");
  return Done{};
}

Status RemoveAttribute(int fd, const char* name) {
  if (sys::RemoveAttribute(fd, name) != 0 && errno != ENODATA) return SysError::Last("fremovexattr");
  return Done{};
}

}  // namespace xattr_cache
