// JavaScript entry points for core/cache_directory.h, core/invalid_limit.h, core/probe.h and core/reaper.h.

#include "binding/exports.h"
#include "binding/operation.h"
#include "core/cache_directory.h"
#include "core/committed.h"
#include "core/invalid_limit.h"
#include "core/probe.h"
#include "core/reaper.h"

namespace xattr_cache::binding {

namespace {

using Directory = std::shared_ptr<const CacheDirectory>;

// (path, synced): whether each image is on disk before it is published
struct OpenDirectory {
  explicit OpenDirectory(Arguments& arguments)
      : path(arguments.String()), publishing(arguments.Boolean() ? Publishing::kSynced : Publishing::kCached) {}
  Result<Directory> Run() const {
    auto directory = CacheDirectory::Open(path.c_str(), publishing);
    if (!directory.ok()) return directory.error();
    return Directory(std::make_shared<CacheDirectory>(std::move(directory.value())));
  }
  static Napi::Value ToJs(Napi::Env env, Directory& directory) {
    return ToHandle(env, std::const_pointer_cast<CacheDirectory>(directory));
  }

  std::string path;
  Publishing publishing;
};

// (directory) -> the directory with its parts made again, or null if none was removed
struct RenewDirectory {
  explicit RenewDirectory(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<std::shared_ptr<CacheDirectory>> Run() const {
    auto renewed = directory->Renew();
    if (!renewed.ok()) return renewed.error();
    if (!renewed.value().has_value()) return std::shared_ptr<CacheDirectory>();
    return std::make_shared<CacheDirectory>(std::move(*renewed.value()));
  }
  static Napi::Value ToJs(Napi::Env env, std::shared_ptr<CacheDirectory>& renewed) {
    if (!renewed) return env.Null();
    return ToHandle(env, renewed);
  }

  Directory directory;
};

struct Probe {
  explicit Probe(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<Findings> Run() const { return ProbeDirectory(directory); }
  static Napi::Value ToJs(Napi::Env env, const Findings& findings) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("locks", findings.locks);
    object.Set("namelessFiles", findings.nameless_files);
    object.Set("cachedOpen", findings.cached_open);
    object.Set("nowaitRead", findings.nowait_read);
    object.Set("reflink", findings.reflink);
    object.Set("timeResolutionMs", findings.time_resolution_ms);
    return object;
  }

  Directory directory;
};

struct MountOf : ToNumber {
  explicit MountOf(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<uint64_t> Run() const {
    sys::FileStat stat;
    if (sys::Stat(directory->base(), &stat) != 0) return SysError::Last("statx");
    return stat.mount_id;
  }

  Directory directory;
};

struct MayWrite : ToBoolean {
  explicit MayWrite(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<bool> Run() const { return MayWriteImages(*directory); }

  Directory directory;
};

// (directory, size) -> the bytes that all have committed, or null while another process adds to them
struct AddToCommitted {
  explicit AddToCommitted(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()), size(static_cast<int64_t>(arguments.Number())) {}
  Result<std::optional<int64_t>> Run() const {
    const auto total = AddCommitted(*directory, size);
    if (total.failed_with(EWOULDBLOCK)) return std::optional<int64_t>();
    if (!total.ok()) return total.error();
    return std::optional(total.value());
  }
  static Napi::Value ToJs(Napi::Env env, const std::optional<int64_t>& total) {
    if (!total.has_value()) return env.Null();
    return Napi::Number::New(env, static_cast<double>(*total));
  }

  Directory directory;
  int64_t size;
};

struct ReapInvalidImages : ToNumber {
  explicit ReapInvalidImages(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()), grace_seconds(arguments.Number()) {}
  Result<uint64_t> Run() const { return ReapInvalid(*directory, grace_seconds); }

  Directory directory;
  double grace_seconds;
};

// (directory, files, bytes) -> { files, size }
struct TrimInvalidImages {
  explicit TrimInvalidImages(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {
    limits.files = static_cast<uint64_t>(arguments.Number());
    limits.size = static_cast<uint64_t>(arguments.Number());
  }
  Result<InvalidTotals> Run() const { return TrimInvalid(*directory, limits); }
  static Napi::Value ToJs(Napi::Env env, const InvalidTotals& totals) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("files", static_cast<double>(totals.files));
    object.Set("size", static_cast<double>(totals.size));
    return object;
  }

  Directory directory;
  InvalidTotals limits;
};

struct ReapStalledImages : ToNumber {
  explicit ReapStalledImages(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()), grace_seconds(arguments.Number()), rule(arguments.Stall()) {}
  Result<uint64_t> Run() const { return ReapStalled(*directory, grace_seconds, rule); }

  Directory directory;
  double grace_seconds;
  StallRule rule;
};

}  // namespace

void ExportDirectory(Napi::Object exports) {
  AddExports(exports, {
                          {"openDirectoryAsync", CallAsync<OpenDirectory>},
                          {"renewDirectorySync", CallSync<RenewDirectory>},
                          {"renewDirectoryAsync", CallAsync<RenewDirectory>},
                          {"mountIdAsync", CallAsync<MountOf>},
                          {"probeAsync", CallAsync<Probe>},
                          {"mayWriteImagesAsync", CallAsync<MayWrite>},
                          {"addCommittedAsync", CallAsync<AddToCommitted>},
                          {"reapInvalidAsync", CallAsync<ReapInvalidImages>},
                          {"trimInvalidSync", CallSync<TrimInvalidImages>},
                          {"trimInvalidAsync", CallAsync<TrimInvalidImages>},
                          {"reapStalledAsync", CallAsync<ReapStalledImages>},
                      });
}

}  // namespace xattr_cache::binding
