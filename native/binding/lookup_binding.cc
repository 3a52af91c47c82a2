// JavaScript entry points for core/lookup.h and core/token.h.

#include "binding/exports.h"
#include "binding/operation.h"
#include "core/lookup.h"

namespace xattr_cache::binding {

namespace {

// The first arguments of all of these: (directory, id, ...).
struct OfImage {
  explicit OfImage(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()), id(arguments.String()) {}

  std::shared_ptr<const CacheDirectory> directory;
  std::string id;
};

// -> the size, or -1 if it is not cached
struct Find : OfImage {
  using OfImage::OfImage;
  Result<ImageState> Run() const { return FindImage(*directory, id.c_str()); }
  static Napi::Value ToJs(Napi::Env env, const ImageState& image) {
    return Napi::Number::New(env, image.cached ? static_cast<double>(image.size) : -1);
  }
};

struct Hits : OfImage, ToNumber {
  using OfImage::OfImage;
  Result<int64_t> Run() const { return ReadHits(*directory, id.c_str()); }
};

struct Queued : OfImage, ToBoolean {
  using OfImage::OfImage;
  Result<bool> Run() const { return xattr_cache::IsQueued(*directory, id.c_str()); }
};

// (directory, id, stall...) -> whether a live or a foreign writer has it
struct BeingCached : OfImage, ToBoolean {
  explicit BeingCached(Arguments& arguments) : OfImage(arguments), rule(arguments.Stall()) {}
  Result<bool> Run() const {
    const auto holder = FindHolder(*directory, id.c_str(), rule);
    if (!holder.ok()) return holder.error();
    return holder.value() == Holder::kLiveWriter || holder.value() == Holder::kForeignWriter;
  }

  StallRule rule;
};

struct Delete : OfImage, ToBoolean {
  using OfImage::OfImage;
  Result<bool> Run() const { return DeleteImage(*directory, id.c_str()); }
};

// (directory, id, stall...)
struct Queue : OfImage, ToBoolean {
  explicit Queue(Arguments& arguments) : OfImage(arguments), rule(arguments.Stall()) {}
  Result<bool> Run() const { return QueueImage(*directory, id.c_str(), rule); }

  StallRule rule;
};

struct Dequeue : OfImage, ToBoolean {
  using OfImage::OfImage;
  Result<bool> Run() const { return DequeueImage(*directory, id.c_str()); }
};

}  // namespace

void ExportLookup(Napi::Object exports) {
  AddExports(exports, {
                          {"findImageSync", CallSync<Find>},
                          {"findImageAsync", CallAsync<Find>},
                          {"readHitsSync", CallSync<Hits>},
                          {"readHitsAsync", CallAsync<Hits>},
                          {"isQueuedSync", CallSync<Queued>},
                          {"isQueuedAsync", CallAsync<Queued>},
                          {"isBeingCachedSync", CallSync<BeingCached>},
                          {"isBeingCachedAsync", CallAsync<BeingCached>},
                          {"deleteImageSync", CallSync<Delete>},
                          {"deleteImageAsync", CallAsync<Delete>},
                          {"queueImageSync", CallSync<Queue>},
                          {"queueImageAsync", CallAsync<Queue>},
                          {"dequeueImageSync", CallSync<Dequeue>},
                          {"dequeueImageAsync", CallAsync<Dequeue>},
                      });
}

}  // namespace xattr_cache::binding
