// JavaScript entry points for posix/xattr.h and core/counter.h.

#include "binding/exports.h"
#include "binding/operation.h"
#include "core/counter.h"
#include "posix/xattr.h"

namespace xattr_cache::binding {

namespace {

// The first arguments of all of these: (path, name, ...).
struct OfAttribute {
  explicit OfAttribute(Arguments& arguments) : path(arguments.String()), name(arguments.String()) {}

  std::string path;
  std::string name;
};

// -> Buffer | undefined
struct Get : OfAttribute {
  using OfAttribute::OfAttribute;
  Result<std::optional<std::string>> Run() const { return ReadAttributeOfPath(path.c_str(), name.c_str()); }
  static Napi::Value ToJs(Napi::Env env, const std::optional<std::string>& value) {
    if (!value.has_value()) return env.Undefined();
    return Napi::Buffer<char>::Copy(env, value->data(), value->size());
  }
};

// (path, name, bytes)
struct Set : OfAttribute, ToNothing {
  explicit Set(Arguments& arguments) : OfAttribute(arguments), value(arguments.Bytes()) {}
  Status Run() const {
    return WriteAttributeOfPath(path.c_str(), name.c_str(),
                                {reinterpret_cast<const char*>(value.data()), value.size()});
  }

  std::span<const std::byte> value;
};

// (path, name, delta, lockTimeoutMs) -> the new count.  A timeout of 0 tries once.
struct Increment : OfAttribute, ToNumber {
  explicit Increment(Arguments& arguments)
      : OfAttribute(arguments),
        delta(static_cast<int64_t>(arguments.Number())),
        lock_timeout(static_cast<int64_t>(arguments.Number())) {}
  Result<int64_t> Run() const { return IncrementCounter(path.c_str(), name.c_str(), delta, lock_timeout); }

  int64_t delta;
  std::chrono::milliseconds lock_timeout;
};

}  // namespace

void ExportXattr(Napi::Object exports) {
  AddExports(exports, {
                          {"getAttributeSync", CallSync<Get>},
                          {"getAttributeAsync", CallAsync<Get>},
                          {"setAttributeSync", CallSync<Set>},
                          {"setAttributeAsync", CallAsync<Set>},
                          {"incrementCounterSync", CallSync<Increment>},
                          {"incrementCounterAsync", CallAsync<Increment>},
                      });
}

}  // namespace xattr_cache::binding
