// Makes JavaScript functions of the engine's operations: one that runs on the calling thread, and one that runs in the
// thread pool and returns a promise.
//
// An operation is a struct with
//   explicit Operation(Arguments& arguments);                         reads them, on the thread of the environment
//   Result<T> Run();                                                  the work, on any thread, touching no JavaScript
//   static Napi::Value ToJs(Napi::Env env, T& value);                 converts, on the thread of the environment

#pragma once

#include <optional>
#include <utility>

#include "binding/arguments.h"
#include "binding/js_error.h"
#include "binding/node_api_config.h"
#include "posix/result.h"

namespace xattr_cache::binding {

inline Napi::Value ThrowBadArguments(Napi::Env env) {
  Napi::TypeError::New(env, "native call with wrong arguments").ThrowAsJavaScriptException();
  return {};
}

template <typename Operation>
Napi::Value CallSync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Operation operation(arguments);
  if (!arguments.ok()) return ThrowBadArguments(info.Env());

  auto result = operation.Run();
  if (result.ok()) return Operation::ToJs(info.Env(), result.value());
  ToJsError(info.Env(), result.error()).ThrowAsJavaScriptException();
  return {};
}

// Settles a promise with the outcome of an operation.  Node waits for it before an environment ends.
template <typename Operation>
class PromiseWorker final : public Napi::AsyncWorker {
 public:
  PromiseWorker(const Napi::CallbackInfo& info, Operation operation, napi_deferred deferred)
      : AsyncWorker(info.Env()), operation_(std::in_place, std::move(operation)), deferred_(deferred) {
    for (size_t i = 0; i < info.Length(); i++) {
      if (info[i].IsTypedArray()) borrowed_ = Napi::Persistent(info[i].As<Napi::Object>());
    }
  }

  // The operation's shares are given up here: closing the last descriptor of a large file that was removed takes long.
  void Execute() override {
    result_.emplace(operation_->Run());
    operation_.reset();
  }

  // In a worker that is being terminated, none of this has an effect, and no code waits for it.
  void OnOK() override {
    if (result_->ok()) {
      napi_resolve_deferred(Env(), deferred_, Operation::ToJs(Env(), result_->value()));
    } else {
      napi_reject_deferred(Env(), deferred_, ToJsError(Env(), result_->error()).Value());
    }
  }

 private:
  std::optional<Operation> operation_;
  napi_deferred deferred_;
  Napi::ObjectReference borrowed_;  // Keeps the memory alive that the operation reads or fills; none takes two.
  std::optional<decltype(std::declval<Operation>().Run())> result_;
};

template <typename Operation>
Napi::Value CallAsync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Operation operation(arguments);
  if (!arguments.ok()) return ThrowBadArguments(info.Env());

  // Not Napi::Promise::Deferred, which returns an invalid value in a worker that is being terminated.
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(info.Env(), &deferred, &promise) != napi_ok) return {};
  auto* worker = new PromiseWorker<Operation>(info, std::move(operation), deferred);  // deletes itself when it is done
  worker->Queue();
  return {info.Env(), promise};
}

// Conversions that several operations share.
struct ToNothing {
  static Napi::Value ToJs(Napi::Env env, Done&) { return env.Undefined(); }
};
struct ToNumber {
  static Napi::Value ToJs(Napi::Env env, auto value) { return Napi::Number::New(env, static_cast<double>(value)); }
};
struct ToBoolean {
  static Napi::Value ToJs(Napi::Env env, bool value) { return Napi::Boolean::New(env, value); }
};

}  // namespace xattr_cache::binding
