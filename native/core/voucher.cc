#include "core/voucher.h"

#include <fcntl.h>

#include <charconv>
#include <limits>
#include <vector>

#include "core/corner.h"
#include "posix/syscalls.h"
#include "posix/unique_fd.h"
#include "posix/xattr.h"

namespace xattr_cache {

namespace {

constexpr char kAttribute[] = "user.xattr_cache.checkpoint";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kFailing = "failing";
constexpr std::string_view kDropping = "dropping";

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t end = text.find(' ');
    words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return words;
    text.remove_prefix(end + 1);
  }
}

std::optional<int64_t> ParseTime(std::string_view text) {
  int64_t time_ns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time_ns);
  if (error != std::errc() || end != text.data() + text.size() || time_ns < 0) return std::nullopt;
  return time_ns;
}

bool IsLaterVersion(std::string_view text) {
  const auto version = ParseTime(Words(text).front());
  return version.has_value() && *version > 1;
}

}  // namespace

std::string Voucher::Format() const {
  std::string text(kVersion);
  text.append(" ").append(boot).append(" ").append(std::to_string(until_ns));
  if (failing_since_ns == 0) return text;
  return text.append(" ").append(dropping ? kDropping : kFailing).append(" ").append(std::to_string(failing_since_ns));
}

Voucher Voucher::Parse(std::string_view text) {
  Voucher nothing;
  nothing.until_ns = std::numeric_limits<int64_t>::min();
  const auto words = Words(text);
  if ((words.size() != 3 && words.size() != 5) || words[0] != kVersion) return nothing;
  const auto until_ns = ParseTime(words[2]);
  if (!until_ns.has_value()) return nothing;
  Voucher voucher;
  voucher.boot = words[1];
  voucher.until_ns = *until_ns;
  if (words.size() == 3) return voucher;

  const auto since_ns = ParseTime(words[4]);
  if (!since_ns.has_value() || (words[3] != kFailing && words[3] != kDropping)) return nothing;
  voucher.failing_since_ns = *since_ns;
  voucher.dropping = words[3] == kDropping;
  return voucher;
}

Result<std::optional<Voucher>> Voucher::Read(int corner) {
  const auto text = ReadAttribute(corner, kAttribute);
  if (!text.ok()) return text.error();
  if (!text.value().has_value()) return std::optional<Voucher>();
  if (IsLaterVersion(*text.value())) return SysError{EPROTONOSUPPORT, "fgetxattr"};
  return std::optional(Parse(*text.value()));
}

Result<std::optional<Voucher>> Voucher::ReadIn(int base) {
  const UniqueFd corner(sys::OpenAt(base, kCornerName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (corner.valid()) return Read(corner.get());
  if (errno == ENOENT) return std::optional<Voucher>();
  return SysError::Last("openat");
}

bool IsImpossible(const SysError& error) {
  const int code = error.code;
  return code == ENOTDIR || code == ELOOP || code == EOPNOTSUPP || code == EACCES || code == EPERM;
}

Status Voucher::Write(int corner) const {
  return WriteAttribute(corner, kAttribute, Format());
}

}  // namespace xattr_cache
