// Reads a call's arguments one after another.
//
// The facade has validated them: these checks only keep a wrong caller from crashing the process.  A wrong argument is
// remembered, and reads as an empty value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "binding/handle.h"
#include "binding/node_api_config.h"
#include "core/token.h"

namespace xattr_cache::binding {

class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  // Whether all arguments were there and of the right type.
  bool ok() const { return ok_; }

  std::string String();
  double Number();
  bool Boolean();
  // The memory of a Uint8Array, which must stay referenced for as long as it is used.
  std::span<std::byte> Bytes();
  // stallSeconds, locksWork, probeTimeoutMs
  StallRule Stall();

  // A handle of any kind, which is empty afterwards.
  std::shared_ptr<void> TakeHandle() {
    auto object = TakeObject(Next());
    if (object == nullptr) ok_ = false;
    return object;
  }

  template <typename T>
  std::shared_ptr<T> Handle() {
    auto object = FromHandle<T>(Next());
    if (object == nullptr) ok_ = false;
    return object;
  }

 private:
  Napi::Value Next() { return info_[next_++]; }

  const Napi::CallbackInfo& info_;
  size_t next_ = 0;
  bool ok_ = true;
};

}  // namespace xattr_cache::binding
