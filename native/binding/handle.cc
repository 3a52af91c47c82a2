#include "binding/handle.h"

namespace xattr_cache::binding {

std::shared_ptr<void> TakeObject(const Napi::Value& value) {
  if (!value.IsExternal()) return nullptr;
  return std::move(value.As<Napi::External<internal::Box>>().Data()->object);
}

void ReleaseSync(const Napi::CallbackInfo& info) {
  TakeObject(info[0]).reset();
}

}  // namespace xattr_cache::binding
