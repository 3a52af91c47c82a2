// An external value in JavaScript that shares the ownership of an engine object.
//
// A running operation keeps its own share, so that releasing a handle closes nothing under it.  Objects that are never
// released are freed when the value is collected, or when the environment ends: a terminated worker thread leaves
// neither descriptors nor locks behind.

#pragma once

#include <memory>

#include "binding/node_api_config.h"

namespace xattr_cache::binding {

namespace internal {

// Kinds differ by address, so that a wrong handle is noticed and never misread.
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
  // A worker that is being terminated creates no values any more; the object must then be released here.
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

// Takes the share out of a handle of any kind.  Null if `value` is no handle, or was released.
std::shared_ptr<void> TakeObject(const Napi::Value& value);

// (handle): gives up the share now.  Does nothing if it was released already.
void ReleaseSync(const Napi::CallbackInfo& info);

}  // namespace xattr_cache::binding
