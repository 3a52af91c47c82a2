#include "faults.h"

#include <cstdlib>
#include <utility>

#include "posix/syscalls.h"

namespace testing {

namespace {

Faults::Answer current;
bool answering = false;

int Ask(const char* call) {
  const std::string_view name = call;
  if (answering || name == "close") return 0;
  answering = true;
  const int code = current(name);
  answering = false;
  return code;
}

}  // namespace

Faults::Faults(Answer answer) {
  if (current) std::abort();
  current = std::move(answer);
  xattr_cache::sys::SetFaultHook(Ask);
}

Faults::~Faults() {
  xattr_cache::sys::SetFaultHook(nullptr);
  current = nullptr;
}

Faults::Answer Refuse(std::string call, int code) {
  return [call = std::move(call), code](std::string_view name) { return name == call ? code : 0; };
}

Faults::Answer RefuseNth(std::string call, int n, int code) {
  return Before(std::move(call), n, [code] { return code; });
}

Faults::Answer Before(std::string call, int n, std::function<int()> action) {
  return [call = std::move(call), n, action = std::move(action), seen = 0](std::string_view name) mutable {
    return name == call && ++seen == n ? action() : 0;
  };
}

}  // namespace testing
