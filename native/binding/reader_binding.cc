// JavaScript entry points for core/image_reader.h.  "Cached" in a name: never waits for a disk, and says so with null.

#include "binding/exports.h"
#include "binding/operation.h"
#include "core/image_reader.h"
#include "core/quarantine.h"
#include "posix/file_times.h"

namespace xattr_cache::binding {

namespace {

// (directory, id) -> { handle, fd, size, modifiedMs } | undefined if there is no such image | null if it would wait
template <Waiting kWaiting>
struct Open {
  struct Outcome {
    std::shared_ptr<OpenImage> image;
    bool would_wait = false;
  };

  explicit Open(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()), id(arguments.String()) {}
  Result<Outcome> Run() const {
    auto image = OpenServedImage(*directory, id.c_str(), kWaiting);
    if (image.ok()) return Outcome{std::make_shared<OpenImage>(std::move(image.value()))};
    if (image.failed_with(ENOENT)) return Outcome{};
    if (kWaiting == Waiting::kNever && image.failed_with(EAGAIN)) return Outcome{nullptr, true};
    return image.error();
  }
  static Napi::Value ToJs(Napi::Env env, const Outcome& outcome) {
    if (outcome.would_wait) return env.Null();
    if (outcome.image == nullptr) return env.Undefined();
    const sys::FileStat& stat = outcome.image->stat;
    Napi::Object object = Napi::Object::New(env);
    object.Set("handle", ToHandle(env, outcome.image));
    object.Set("fd", outcome.image->fd.get());
    object.Set("size", static_cast<double>(stat.size));
    object.Set("modifiedMs", ToMilliseconds(ToNanoseconds(stat.modified)));
    return object;
  }

  std::shared_ptr<const CacheDirectory> directory;
  std::string id;
};

// (reader, buffer, offset, length, position) -> the bytes read
template <Waiting kWaiting>
struct Read : ToNumber {
  explicit Read(Arguments& arguments) : image(arguments.Handle<OpenImage>()), buffer(arguments.Bytes()) {
    const auto offset = static_cast<size_t>(arguments.Number());
    const auto length = static_cast<size_t>(arguments.Number());
    position = static_cast<uint64_t>(arguments.Number());
    buffer = offset <= buffer.size() ? buffer.subspan(offset) : buffer.first(0);
    buffer = buffer.first(std::min(length, buffer.size()));
  }
  Result<size_t> Run() const { return ReadImage(image->fd.get(), buffer, position, kWaiting); }

  std::shared_ptr<OpenImage> image;
  std::span<std::byte> buffer;
  uint64_t position = 0;
};

// true: counted.  false: evicted.  null: locked by another process or thread, try again.  An Error: cannot be written.
Napi::Value ToJs(Napi::Env env, const Result<Hit>& hit) {
  if (!hit.ok()) return env.Null();
  if (hit.value().outcome == HitOutcome::kNotWritten) return ToJsError(env, hit.value().problem).Value();
  return Napi::Boolean::New(env, hit.value().outcome == HitOutcome::kCounted);
}

// (reader, accessResolutionMs, hits)
struct Record {
  explicit Record(Arguments& arguments)
      : image(arguments.Handle<OpenImage>()),
        resolution(FromMilliseconds(arguments.Number())),
        hits(static_cast<int64_t>(arguments.Number())) {}
  Result<Result<Hit>> Run() const { return RecordHit(image->fd.get(), resolution, hits); }
  static Napi::Value ToJs(Napi::Env env, const Result<Hit>& hit) { return binding::ToJs(env, hit); }

  std::shared_ptr<OpenImage> image;
  std::chrono::nanoseconds resolution;
  int64_t hits;
};

// (reader, directory, id, reason) -> whether the image was moved to invalid/, or null while it is locked
struct MoveToInvalid {
  struct Outcome {
    bool moved = false;
    bool locked = false;
  };

  explicit MoveToInvalid(Arguments& arguments)
      : image(arguments.Handle<OpenImage>()),
        directory(arguments.Handle<CacheDirectory>()),
        id(arguments.String()),
        reason(arguments.String()) {}
  Result<Outcome> Run() const {
    const auto moved = Quarantine(*directory, id.c_str(), image->fd.get(), reason);
    if (moved.failed_with(EWOULDBLOCK)) return Outcome{false, true};
    if (!moved.ok()) return moved.error();
    return Outcome{moved.value(), false};
  }
  static Napi::Value ToJs(Napi::Env env, const Outcome& outcome) {
    if (outcome.locked) return env.Null();
    return Napi::Boolean::New(env, outcome.moved);
  }

  std::shared_ptr<OpenImage> image;
  std::shared_ptr<const CacheDirectory> directory;
  std::string id;
  std::string reason;
};

// (directory, id, largest, accessResolutionMs) -> the bytes of an image, its hit counted.  undefined: no such image.
// null: it would wait, is larger than `largest` or is locked; nothing has been done then.  [bytes, hit] if the hit was
// not counted, `hit` as above.
Napi::Value ReadWholeCachedSync(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Arguments arguments(info);
  const auto directory = arguments.Handle<CacheDirectory>();
  const std::string id = arguments.String();
  const double largest = arguments.Number();
  const auto resolution = FromMilliseconds(arguments.Number());
  if (!arguments.ok()) return ThrowBadArguments(env);

  const auto image = OpenServedImage(*directory, id.c_str(), Waiting::kNever);
  if (image.failed_with(ENOENT)) return env.Undefined();
  // Other errors are reported by the call that may wait.
  if (!image.ok() || static_cast<double>(image.value().stat.size) > largest) return env.Null();

  const int fd = image.value().fd.get();
  const auto bytes = Napi::Buffer<std::byte>::New(env, image.value().stat.size);
  if (bytes.IsEmpty()) return {};  // The worker is being terminated.
  const auto size = ReadImage(fd, {bytes.Data(), bytes.Length()}, 0, Waiting::kNever);
  if (!size.ok() || size.value() < bytes.Length()) return env.Null();

  const auto hit = RecordHit(fd, resolution);
  if (!hit.ok()) return env.Null();
  if (hit.value().outcome == HitOutcome::kCounted) return bytes;
  const Napi::Array uncounted = Napi::Array::New(env, 2);
  uncounted.Set(0U, bytes);
  uncounted.Set(1U, ToJs(env, hit));
  return uncounted;
}

}  // namespace

void ExportReader(Napi::Object exports) {
  AddExports(exports, {
                          {"openImageSync", CallSync<Open<Waiting::kAllowed>>},
                          {"openImageAsync", CallAsync<Open<Waiting::kAllowed>>},
                          {"openImageCachedSync", CallSync<Open<Waiting::kNever>>},
                          {"readSync", CallSync<Read<Waiting::kAllowed>>},
                          {"readAsync", CallAsync<Read<Waiting::kAllowed>>},
                          {"readCachedSync", CallSync<Read<Waiting::kNever>>},
                          {"recordHitSync", CallSync<Record>},
                          {"recordHitAsync", CallAsync<Record>},
                          {"quarantineAsync", CallAsync<MoveToInvalid>},
                          {"readWholeCachedSync", ReadWholeCachedSync},
                      });
}

}  // namespace xattr_cache::binding
