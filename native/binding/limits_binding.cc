// JavaScript entry points for core/limits.h, core/reservations.h and core/evictor_lock.h.

#include "binding/exports.h"
#include "binding/limit_name.h"
#include "binding/operation.h"
#include "core/cache_directory.h"
#include "core/evictor_lock.h"
#include "core/freed_space.h"
#include "core/reservations.h"
#include "posix/file_times.h"
#include "posix/syscalls.h"

namespace xattr_cache::binding {

namespace {

using Directory = std::shared_ptr<const CacheDirectory>;

uint64_t ToCount(double value) {
  constexpr double kBeyond = 0x1p64;
  return value >= kBeyond ? UINT64_MAX : static_cast<uint64_t>(value);
}

Napi::Value Number(Napi::Env env, uint64_t value) {
  if (value == UINT64_MAX) return Napi::Number::New(env, std::numeric_limits<double>::infinity());
  return Napi::Number::New(env, static_cast<double>(value));
}

// (directory, bytes, images, freeBytes, freeInodes, highWatermark)
struct SetLimits : ToNothing {
  explicit SetLimits(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()),
        limits{.bytes = ToCount(arguments.Number()),
               .images = ToCount(arguments.Number()),
               .free_bytes = ToCount(arguments.Number()),
               .free_inodes = ToCount(arguments.Number())},
        high_watermark(arguments.Number()) {}
  Status Run() const {
    directory->reservations().SetLimits(directory->base(), limits, high_watermark);
    return Done{};
  }

  Directory directory;
  Limits limits;
  double high_watermark;
};

// (directory) -> { bytes, inodes?, freeBytes, freeInodes? } of the file system
struct MeasureFileSystem {
  explicit MeasureFileSystem(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<struct statvfs> Run() const {
    struct statvfs stat;
    if (sys::StatFileSystem(directory->base(), &stat) != 0) return SysError::Last("fstatfs");
    return stat;
  }
  static Napi::Value ToJs(Napi::Env env, const struct statvfs& stat) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("bytes", static_cast<double>(stat.f_blocks) * static_cast<double>(stat.f_frsize));
    if (stat.f_files > 0) object.Set("inodes", static_cast<double>(stat.f_files));
    return object;
  }

  Directory directory;
};

// (directory, sinceMs, bytes, images) -> the time since which it waits, in milliseconds since boot
struct Wait : ToNumber {
  explicit Wait(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()),
        since_ms(arguments.Number()),
        space{ToCount(arguments.Number()), ToCount(arguments.Number())} {}
  Result<double> Run() const {
    // Rounded like the time that comes back.
    const double since = since_ms > 0 ? since_ms : ToMilliseconds(ToNanoseconds(sys::SinceBoot()));
    const Status waits = directory->reservations().Wait(directory->base(), FromMilliseconds(since).count(), space);
    if (!waits.ok()) return waits.error();
    return since;
  }

  Directory directory;
  double since_ms;
  Space space;
};

// (directory)
struct EndWait : ToNothing {
  explicit EndWait(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Status Run() const { return directory->reservations().Wait(directory->base(), 0, {}); }

  Directory directory;
};

// (directory) -> the balance, if the size is known, and the evictions of all processes
struct ReadBalance {
  struct Outcome {
    std::optional<Balance> balance;
    EvictionTotals totals;
    Excess excess;
  };

  explicit ReadBalance(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<Outcome> Run() const {
    Reservations& reservations = directory->reservations();
    const auto balance = reservations.Measure(directory->base());
    if (balance.failed_with(ENOENT)) return Outcome{};
    if (!balance.ok()) return balance.error();
    const auto totals = reservations.Totals(directory->base());
    if (!totals.ok()) return totals.error();
    Outcome outcome{balance.value(), totals.value(), {}};
    if (outcome.balance.has_value()) outcome.excess = FindExcess(*outcome.balance, reservations.high_watermark());
    return outcome;
  }
  static Napi::Value ToJs(Napi::Env env, const Outcome& outcome) {
    Napi::Object object = Napi::Object::New(env);
    const EvictionTotals& totals = outcome.totals;
    object.Set("evictedImages", Number(env, totals.images));
    object.Set("evictedBytes", Number(env, totals.bytes));
    object.Set("evictedPerMinute", Number(env, totals.last_minute));
    if (totals.youngest_age_ns >= 0) object.Set("youngestVictimMs", ToMilliseconds(totals.youngest_age_ns));
    if (!outcome.balance.has_value()) return object;
    const Balance& balance = *outcome.balance;
    object.Set("heldBytes", Number(env, balance.held.bytes));
    object.Set("heldImages", Number(env, balance.held.images));
    object.Set("reservedBytes", Number(env, balance.reserved.bytes));
    object.Set("reservedImages", Number(env, balance.reserved.images));
    object.Set("maxBytes", Number(env, balance.limits.bytes));
    object.Set("maxImages", Number(env, balance.limits.images));
    object.Set("minFreeBytes", Number(env, balance.limits.free_bytes));
    object.Set("minFreeInodes", Number(env, balance.limits.free_inodes));
    if (!outcome.excess.empty()) object.Set("binding", NameOf(outcome.excess.limit));
    return object;
  }

  Directory directory;
};

// (directory, bytes): where the file system frees space late, waits until it has, if it shows less than that or than
// must be left free
struct ShowFreed : ToNothing {
  explicit ShowFreed(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()), bytes(ToCount(arguments.Number())) {}
  Status Run() const { return ShowFreedSpace(*directory, bytes); }

  Directory directory;
  uint64_t bytes;
};

// (directory) -> handle | null while another process evicts for all
struct ElectEvictor {
  explicit ElectEvictor(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<std::shared_ptr<EvictorLock>> Run() const {
    auto lock = EvictorLock::TryAcquire(*directory);
    if (lock.failed_with(EWOULDBLOCK)) return std::shared_ptr<EvictorLock>();
    if (!lock.ok()) return lock.error();
    return std::make_shared<EvictorLock>(std::move(lock.value()));
  }
  static Napi::Value ToJs(Napi::Env env, const std::shared_ptr<EvictorLock>& lock) {
    return lock == nullptr ? env.Null() : ToHandle(env, lock);
  }

  Directory directory;
};

}  // namespace

void ExportLimits(Napi::Object exports) {
  AddExports(exports, {
                          {"setLimitsSync", CallSync<SetLimits>},
                          {"measureFileSystemAsync", CallAsync<MeasureFileSystem>},
                          {"waitForRoomAsync", CallAsync<Wait>},
                          {"endWaitAsync", CallAsync<EndWait>},
                          {"readBalanceAsync", CallAsync<ReadBalance>},
                          {"electEvictorAsync", CallAsync<ElectEvictor>},
                          {"showFreedSync", CallSync<ShowFreed>},
                          {"showFreedAsync", CallAsync<ShowFreed>},
                      });
}

}  // namespace xattr_cache::binding
