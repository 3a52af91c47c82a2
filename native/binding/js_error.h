// Turns engine errors into JavaScript errors.

#pragma once

#include "binding/node_api_config.h"
#include "posix/result.h"

namespace xattr_cache::binding {

// Builds an Error shaped like the ones node:fs throws: message, code, errno and syscall.  The facade knows the path.
Napi::Error ToJsError(Napi::Env env, const SysError& error);

}  // namespace xattr_cache::binding
