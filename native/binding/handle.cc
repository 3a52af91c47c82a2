#include "binding/handle.h"

namespace xattr_cache::binding {

void ReleaseSync(const Napi::CallbackInfo& info) {
  if (info.Length() == 1 && info[0].IsExternal()) {
    info[0].As<Napi::External<internal::Box>>().Data()->object.reset();
  }
}

}  // namespace xattr_cache::binding
