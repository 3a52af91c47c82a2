// JavaScript entry points for core/eviction.h.

#include "binding/columns.h"
#include "binding/exports.h"
#include "binding/limit_name.h"
#include "binding/operation.h"
#include "core/eviction.h"

namespace xattr_cache::binding {

namespace {

// -> { handle, done, excess, limit } | null while another eviction is in a step
struct BeginsEviction {
  static Result<std::shared_ptr<Eviction>> Share(Result<Eviction> eviction) {
    if (eviction.ok()) return std::make_shared<Eviction>(std::move(eviction.value()));
    if (eviction.failed_with(EWOULDBLOCK)) return std::shared_ptr<Eviction>();
    return eviction.error();
  }
  static Napi::Value ToJs(Napi::Env env, const std::shared_ptr<Eviction>& eviction) {
    if (eviction == nullptr) return env.Null();
    Napi::Object object = Napi::Object::New(env);
    object.Set("done", eviction->done());
    object.Set("excess", eviction->exceeds());
    object.Set("limit", NameOf(eviction->limit()));
    object.Set("handle", ToHandle(env, eviction));
    return object;
  }
};

// (directory, targetSize, dryRun)
struct Begin : BeginsEviction {
  explicit Begin(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()),
        target_size(static_cast<uint64_t>(arguments.Number())),
        dry_run(arguments.Boolean()) {}
  Result<std::shared_ptr<Eviction>> Run() const { return Share(Eviction::Begin(directory, target_size, dry_run)); }

  std::shared_ptr<const CacheDirectory> directory;
  uint64_t target_size;
  bool dry_run;
};

// (directory, bytesOnDisk, files, wantedBytes, inAdvance, dryRun): at least so much is freed on the disk, and left
// below the limits
struct BeginForLimits : BeginsEviction {
  explicit BeginForLimits(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {
    how.extra.disk_bytes = static_cast<uint64_t>(arguments.Number());
    how.extra.inodes = static_cast<uint64_t>(arguments.Number());
    how.wanted.bytes = static_cast<uint64_t>(arguments.Number());
    how.wanted.images = how.wanted.bytes > 0 ? 1 : 0;
    how.in_advance = arguments.Boolean();
    how.dry_run = arguments.Boolean();
  }
  Result<std::shared_ptr<Eviction>> Run() const { return Share(Eviction::BeginForLimits(directory, how)); }

  std::shared_ptr<const CacheDirectory> directory;
  Eviction::ForLimits how;
};

// (eviction, limit) -> { columns, done, problem? } | null while another eviction is in a step
struct Step {
  struct Outcome {
    Eviction::Evicted evicted;
    bool done = false;
  };

  explicit Step(Arguments& arguments)
      : eviction(arguments.Handle<Eviction>()), limit(static_cast<size_t>(arguments.Number())) {}
  Result<std::optional<Outcome>> Run() const {
    auto evicted = eviction->Step(limit);
    if (evicted.failed_with(EWOULDBLOCK)) return std::optional<Outcome>();
    if (!evicted.ok()) return evicted.error();
    return std::optional(Outcome{std::move(evicted.value()), eviction->done()});
  }
  static Napi::Value ToJs(Napi::Env env, const std::optional<Outcome>& outcome) {
    if (!outcome.has_value()) return env.Null();
    Napi::Object object = Napi::Object::New(env);
    const ImageList& images = outcome->evicted.images;
    object.Set("columns", ToColumns(env, images, 0, images.size()));
    object.Set("done", outcome->done);
    if (outcome->evicted.problem.has_value()) object.Set("problem", ToJsError(env, *outcome->evicted.problem).Value());
    return object;
  }

  std::shared_ptr<Eviction> eviction;
  size_t limit;
};

}  // namespace

void ExportEviction(Napi::Object exports) {
  AddExports(exports, {
                          {"beginEvictionAsync", CallAsync<Begin>},
                          {"beginEvictionForLimitsSync", CallSync<BeginForLimits>},
                          {"beginEvictionForLimitsAsync", CallAsync<BeginForLimits>},
                          {"evictSync", CallSync<Step>},
                          {"evictAsync", CallAsync<Step>},
                      });
}

}  // namespace xattr_cache::binding
