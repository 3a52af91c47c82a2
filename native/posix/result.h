// Outcome types of the engine.  The engine never throws and never prints: every operation that can fail returns a
// Result, and every Result must be examined.
//
// This header depends on the C++ standard library only.

#pragma once

#include <cassert>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace xattr_cache {

// A failed system call.  Captured at the call site, before errno can be overwritten.  Copying one never allocates.
struct SysError {
  int code = 0;              // errno value; always positive
  const char* syscall = "";  // string literal naming the call, e.g. "fsetxattr"
  // Path below the cache directory, for one of many files; null if the caller knows it.
  std::shared_ptr<const std::string> file = nullptr;

  static SysError Last(const char* syscall) { return {errno, syscall}; }

  // The same, on this file.
  SysError On(std::string_view name) const { return {code, syscall, std::make_shared<const std::string>(name)}; }
};

// A value, or the error that prevented it.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(SysError error) : state_(std::in_place_index<1>, error) {}

  bool ok() const { return state_.index() == 0; }

  // Whether it is a failure with this errno.
  bool failed_with(int code) const { return !ok() && error().code == code; }

  // REQUIRES: ok()
  T& value() {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(ok());
    return *std::get_if<0>(&state_);
  }

  // REQUIRES: !ok()
  const SysError& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, SysError> state_;
};

// The outcome of an operation without a value.
struct Done {};
using Status = Result<Done>;

}  // namespace xattr_cache
