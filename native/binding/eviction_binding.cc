// JavaScript entry points for core/eviction.h.

#include "binding/columns.h"
#include "binding/exports.h"
#include "binding/operation.h"
#include "core/eviction.h"

namespace xattr_cache::binding {

namespace {

// (directory, targetSize, dryRun) -> { handle, done } | null while another eviction is at work
struct Begin {
  explicit Begin(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()),
        target_size(static_cast<uint64_t>(arguments.Number())),
        dry_run(arguments.Boolean()) {}
  Result<std::shared_ptr<Eviction>> Run() const {
    auto eviction = dry_run ? Eviction::BeginDryRun(directory, target_size) : Eviction::Begin(directory, target_size);
    if (eviction.ok()) return std::make_shared<Eviction>(std::move(eviction.value()));
    if (eviction.failed_with(EWOULDBLOCK)) return std::shared_ptr<Eviction>();
    return eviction.error();
  }
  static Napi::Value ToJs(Napi::Env env, const std::shared_ptr<Eviction>& eviction) {
    if (eviction == nullptr) return env.Null();
    Napi::Object object = Napi::Object::New(env);
    object.Set("done", eviction->done());
    object.Set("handle", ToHandle(env, eviction));
    return object;
  }

  std::shared_ptr<const CacheDirectory> directory;
  uint64_t target_size;
  bool dry_run;
};

// (eviction, limit) -> { columns, done, problem? }
struct Step {
  struct Outcome {
    Eviction::Evicted evicted;
    bool done = false;
  };

  explicit Step(Arguments& arguments)
      : eviction(arguments.Handle<Eviction>()), limit(static_cast<size_t>(arguments.Number())) {}
  Result<Outcome> Run() const {
    Outcome outcome{eviction->Step(limit), false};
    outcome.done = eviction->done();
    return outcome;
  }
  static Napi::Value ToJs(Napi::Env env, const Outcome& outcome) {
    Napi::Object object = Napi::Object::New(env);
    const ImageList& images = outcome.evicted.images;
    object.Set("columns", ToColumns(env, images, 0, images.size()));
    object.Set("done", outcome.done);
    if (outcome.evicted.problem.has_value()) object.Set("problem", ToJsError(env, *outcome.evicted.problem).Value());
    return object;
  }

  std::shared_ptr<Eviction> eviction;
  size_t limit;
};

}  // namespace

void ExportEviction(Napi::Object exports) {
  AddExports(exports, {
                          {"beginEvictionAsync", CallAsync<Begin>},
                          {"evictAsync", CallAsync<Step>},
                      });
}

}  // namespace xattr_cache::binding
