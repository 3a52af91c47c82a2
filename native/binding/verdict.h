// The outcome of a reservation, for JavaScript.

#pragma once

#include "binding/node_api_config.h"
#include "core/reservations.h"

namespace xattr_cache::binding {

struct ToVerdict {
  static Napi::Value ToJs(Napi::Env env, Verdict verdict) {
    switch (verdict) {
      case Verdict::kRoom:
        return env.Undefined();
      case Verdict::kCrowded:
        return Napi::String::New(env, "crowded");
      case Verdict::kFull:
        return Napi::String::New(env, "full");
      case Verdict::kBehind:
        return Napi::String::New(env, "behind");
      case Verdict::kTooLarge:
        return Napi::String::New(env, "too large");
      case Verdict::kUnknown:
        break;
    }
    return Napi::String::New(env, "unknown");
  }
};

}  // namespace xattr_cache::binding
