// What JavaScript holds of the engine's objects: an external value that shares ownership.
//
// An operation that is under way keeps its own share, so that releasing a handle closes nothing under it.  What was not
// released is when the value is collected, or when the environment ends: a worker thread that is terminated leaves
// neither descriptors nor locks behind.

#pragma once

#include <memory>

#include "binding/node_api_config.h"

namespace xattr_cache::binding {

namespace internal {

// Told apart by address, so that a wrong handle is noticed instead of being misread.
template <typename T>
inline constexpr char kKind = 0;

struct Box {
  Box(const void* its_kind, std::shared_ptr<void> its_object) : kind(its_kind), object(std::move(its_object)) {}

  const void* const kind;
  std::shared_ptr<void> object;
};

}  // namespace internal

template <typename T>
Napi::Value ToHandle(Napi::Env env, std::shared_ptr<T> object) {
  auto box = std::make_unique<internal::Box>(&internal::kKind<T>, std::move(object));
  const auto handle =
      Napi::External<internal::Box>::New(env, box.get(), [](Napi::BasicEnv, internal::Box* dead) { delete dead; });
  // A worker that is being terminated makes no values any more; then nobody else would let go of the object.
  if (!handle.IsEmpty()) box.release();
  return handle;
}

// Null if `value` is not a handle of a T, or was released.
template <typename T>
std::shared_ptr<T> FromHandle(const Napi::Value& value) {
  if (!value.IsExternal()) return nullptr;
  const auto* box = value.As<Napi::External<internal::Box>>().Data();
  if (box->kind != &internal::kKind<T>) return nullptr;
  return std::static_pointer_cast<T>(box->object);
}

// The share that a handle of any kind holds, which then holds none.  Null if `value` is no handle, or was released.
std::shared_ptr<void> TakeObject(const Napi::Value& value);

// (handle): gives up the share now.  Released already: fine.
void ReleaseSync(const Napi::CallbackInfo& info);

}  // namespace xattr_cache::binding
