// JavaScript entry points for core/image_scan.h.  All of them read directories, so all run in the pool.

#include "binding/columns.h"
#include "binding/exports.h"
#include "binding/operation.h"
#include "core/image_scan.h"
#include "posix/file_times.h"

namespace xattr_cache::binding {

namespace {

// The first argument of all of these: (directory, ...).
struct OfDirectory {
  explicit OfDirectory(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}

  std::shared_ptr<const CacheDirectory> directory;
};

// A scan refers to its directory and keeps it open.
struct Scan {
  std::shared_ptr<const CacheDirectory> directory;
  ImageScan scan;
};

struct OpenScan : OfDirectory {
  using OfDirectory::OfDirectory;
  Result<std::shared_ptr<Scan>> Run() const {
    auto scan = ImageScan::Open(*directory);
    if (!scan.ok()) return scan.error();
    return std::make_shared<Scan>(directory, std::move(scan.value()));
  }
  static Napi::Value ToJs(Napi::Env env, const std::shared_ptr<Scan>& scan) { return ToHandle(env, scan); }
};

// (scan) -> another one of the same pass
Napi::Value TwinOfScanSync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const auto scan = arguments.Handle<Scan>();
  if (!arguments.ok()) return ThrowBadArguments(info.Env());
  return ToHandle(info.Env(), std::make_shared<Scan>(scan->directory, scan->scan.Twin()));
}

// (scan, limit) -> columns; none at the end
struct NextOfScan {
  explicit NextOfScan(Arguments& arguments)
      : scan(arguments.Handle<Scan>()), limit(static_cast<size_t>(arguments.Number())) {}
  Result<ImageList> Run() const { return scan->scan.Next(limit, /*with_hits=*/true); }
  static Napi::Value ToJs(Napi::Env env, const ImageList& list) { return ToColumns(env, list, 0, list.size()); }

  std::shared_ptr<Scan> scan;
  size_t limit;
};

// -> { handle, count }, whose rows are taken in pieces so that a large list does not block the event loop
struct List : OfDirectory {
  using OfDirectory::OfDirectory;
  Result<std::shared_ptr<ImageList>> Run() const {
    auto list = ListImages(*directory);
    if (!list.ok()) return list.error();
    return std::make_shared<ImageList>(std::move(list.value()));
  }
  static Napi::Value ToJs(Napi::Env env, const std::shared_ptr<ImageList>& list) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("count", static_cast<double>(list->size()));
    object.Set("handle", ToHandle(env, list));
    return object;
  }
};

// (list, start, limit) -> columns
Napi::Value TakeRowsSync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const auto list = arguments.Handle<ImageList>();
  const auto start = static_cast<size_t>(arguments.Number());
  const auto limit = static_cast<size_t>(arguments.Number());
  if (!arguments.ok()) return ThrowBadArguments(info.Env());
  return ToColumns(info.Env(), *list, start, limit);
}

// -> [{ imageId, size, error, lastModifiedMs }], newest first
struct Invalid : OfDirectory {
  using OfDirectory::OfDirectory;
  Result<ImageList> Run() const { return ListInvalid(*directory); }
  static Napi::Value ToJs(Napi::Env env, const ImageList& list) {
    Napi::Array array = Napi::Array::New(env, list.size());
    for (size_t i = 0; i < list.size(); i++) {
      const ImageRow& row = list.row(list.size() - 1 - i);
      const std::string_view name = list.name(row);
      const std::string_view error = list.error(row);
      Napi::Object image = Napi::Object::New(env);
      image.Set("imageId", Napi::String::New(env, name.data(), name.size()));
      image.Set("size", static_cast<double>(row.size));
      image.Set("error", Napi::String::New(env, error.data(), error.size()));
      image.Set("lastModifiedMs", ToMilliseconds(row.modified_ns));
      array.Set(static_cast<uint32_t>(i), image);
    }
    return array;
  }
};

// -> [imageId], oldest first
struct QueuedImages : OfDirectory {
  using OfDirectory::OfDirectory;
  Result<ImageList> Run() const { return ListQueue(*directory); }
  static Napi::Value ToJs(Napi::Env env, const ImageList& list) {
    Napi::Array array = Napi::Array::New(env, list.size());
    for (size_t i = 0; i < list.size(); i++) {
      const std::string_view name = list.name(list.row(i));
      array.Set(static_cast<uint32_t>(i), Napi::String::New(env, name.data(), name.size()));
    }
    return array;
  }
};

// The operations that return one number.
template <Result<uint64_t> (*kOperation)(const CacheDirectory&)>
struct Count : OfDirectory, ToNumber {
  using OfDirectory::OfDirectory;
  Result<uint64_t> Run() const { return kOperation(*directory); }
};

// -> { imageId, size } | undefined
struct Coldest : OfDirectory {
  using OfDirectory::OfDirectory;
  Result<std::optional<ColdImage>> Run() const { return FindColdest(*directory); }
  static Napi::Value ToJs(Napi::Env env, const std::optional<ColdImage>& image) {
    if (!image.has_value()) return env.Undefined();
    Napi::Object object = Napi::Object::New(env);
    object.Set("imageId", image->id);
    object.Set("size", static_cast<double>(image->size));
    return object;
  }
};

struct Measure : OfDirectory {
  using OfDirectory::OfDirectory;
  Result<Usage> Run() const { return MeasureUsage(*directory); }
  static Napi::Value ToJs(Napi::Env env, const Usage& usage) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("incomplete", static_cast<double>(usage.incomplete));
    object.Set("invalid", static_cast<double>(usage.invalid));
    object.Set("queued", static_cast<double>(usage.queued));
    object.Set("freeBytes", static_cast<double>(usage.free_bytes));
    if (usage.free_inodes.has_value()) object.Set("freeInodes", static_cast<double>(*usage.free_inodes));
    return object;
  }
};

// (handle): freeing a million rows would block the event loop for too long.
struct Release : ToNothing {
  explicit Release(Arguments& arguments) : object(arguments.TakeHandle()) {}
  Status Run() {
    object.reset();
    return Done{};
  }

  std::shared_ptr<void> object;
};

}  // namespace

void ExportScan(Napi::Object exports) {
  AddExports(exports, {
                          {"releaseAsync", CallAsync<Release>},
                          {"openScanAsync", CallAsync<OpenScan>},
                          {"twinOfScanSync", TwinOfScanSync},
                          {"scanNextAsync", CallAsync<NextOfScan>},
                          {"listImagesAsync", CallAsync<List>},
                          {"takeRowsSync", TakeRowsSync},
                          {"listInvalidAsync", CallAsync<Invalid>},
                          {"listQueueAsync", CallAsync<QueuedImages>},
                          {"sumImagesAsync", CallAsync<Count<SumImages>>},
                          {"deleteAllImagesAsync", CallAsync<Count<DeleteAllImages>>},
                          {"dequeueAllAsync", CallAsync<Count<DequeueAll>>},
                          {"findColdestAsync", CallAsync<Coldest>},
                          {"measureUsageAsync", CallAsync<Measure>},
                      });
}

}  // namespace xattr_cache::binding
