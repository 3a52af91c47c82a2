// The names of limits in JavaScript, as in the options.

#pragma once

#include "core/limits.h"

namespace xattr_cache::binding {

inline const char* NameOf(Limit limit) {
  switch (limit) {
    case Limit::kBytes:
      return "maxSize";
    case Limit::kImages:
      return "maxImages";
    case Limit::kFreeBytes:
      return "minFree";
    case Limit::kFreeInodes:
      break;
  }
  return "minFreeInodes";
}

}  // namespace xattr_cache::binding
