// JavaScript entry points for core/follower.h.  reader_binding.cc reads their bytes, as those of images.

#include "binding/exports.h"
#include "binding/operation.h"
#include "core/follower.h"

namespace xattr_cache::binding {

namespace {

// (directory, id, stall..., announce) -> { follower, handle, fd } | undefined if it has no writer
struct Follow {
  explicit Follow(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()),
        id(arguments.String()),
        rule(arguments.Stall()),
        announce(arguments.Boolean()) {}
  Result<std::shared_ptr<Follower>> Run() const {
    auto follower = Follower::Open(directory, id, rule, announce);
    if (follower.failed_with(ENOENT)) return std::shared_ptr<Follower>();
    if (!follower.ok()) return follower.error();
    return std::make_shared<Follower>(std::move(follower.value()));
  }
  static Napi::Value ToJs(Napi::Env env, const std::shared_ptr<Follower>& follower) {
    if (follower == nullptr) return env.Undefined();
    Napi::Object object = Napi::Object::New(env);
    object.Set("follower", ToHandle(env, follower));
    object.Set("handle", ToHandle(env, follower->image()));
    object.Set("fd", follower->image()->fd.get());
    return object;
  }

  std::shared_ptr<const CacheDirectory> directory;
  std::string id;
  StallRule rule;
  bool announce;
};

const char* NameOf(Progress progress) {
  switch (progress) {
    case Progress::kGrowing:
      return "growing";
    case Progress::kComplete:
      return "complete";
    case Progress::kFailed:
      return "failed";
    case Progress::kDead:
      break;
  }
  return "dead";
}

// (follower) -> { progress, size, reason, expectedSize? }
struct Poll {
  explicit Poll(Arguments& arguments) : follower(arguments.Handle<Follower>()) {}
  Result<WriterState> Run() const { return follower->Poll(); }
  static Napi::Value ToJs(Napi::Env env, const WriterState& state) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("progress", NameOf(state.progress));
    object.Set("size", static_cast<double>(state.size));
    object.Set("reason", state.reason);
    if (state.expected_size.has_value()) object.Set("expectedSize", static_cast<double>(*state.expected_size));
    return object;
  }

  std::shared_ptr<Follower> follower;
};

// (follower) -> whether others follow the same writer
struct HasOtherReaders : ToBoolean {
  explicit HasOtherReaders(Arguments& arguments) : follower(arguments.Handle<Follower>()) {}
  Result<bool> Run() const { return follower->HasOtherReaders(); }

  std::shared_ptr<Follower> follower;
};

}  // namespace

void ExportFollower(Napi::Object exports) {
  AddExports(exports, {
                          {"followAsync", CallAsync<Follow>},
                          {"pollSync", CallSync<Poll>},
                          {"pollAsync", CallAsync<Poll>},
                          {"hasOtherReadersSync", CallSync<HasOtherReaders>},
                      });
}

}  // namespace xattr_cache::binding
