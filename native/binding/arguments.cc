#include "binding/arguments.h"

namespace xattr_cache::binding {

std::string Arguments::String() {
  const Napi::Value value = Next();
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  ok_ = false;
  return {};
}

double Arguments::Number() {
  const Napi::Value value = Next();
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  ok_ = false;
  return 0;
}

bool Arguments::Boolean() {
  const Napi::Value value = Next();
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  ok_ = false;
  return false;
}

std::span<std::byte> Arguments::Bytes() {
  const Napi::Value value = Next();
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    auto array = value.As<Napi::Uint8Array>();
    return {reinterpret_cast<std::byte*>(array.Data()), array.ByteLength()};
  }
  ok_ = false;
  return {};
}

StallRule Arguments::Stall() {
  StallRule rule;
  rule.stall_seconds = Number();
  rule.locks_work = Boolean();
  rule.probe_timeout = std::chrono::milliseconds(static_cast<int64_t>(Number()));
  return rule;
}

}  // namespace xattr_cache::binding
