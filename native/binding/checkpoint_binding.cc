// JavaScript entry points for core/checkpoint.h and core/recovery.h.

#include "binding/columns.h"
#include "binding/exports.h"
#include "binding/operation.h"
#include "core/checkpoint.h"
#include "core/image_reader.h"
#include "core/recovery.h"
#include "posix/file_times.h"

namespace xattr_cache::binding {

namespace {

using Directory = std::shared_ptr<const CacheDirectory>;

void Set(Napi::Object object, const Tally& tally) {
  object.Set("images", static_cast<double>(tally.images));
  object.Set("bytes", static_cast<double>(tally.bytes));
}

// (directory) -> { images, bytes, failure? }: what was dropped | null while another checkpoint or recovery is at work
struct Make {
  explicit Make(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<std::optional<Checkpoint>> Run() const {
    auto checkpoint = MakeCheckpoint(*directory);
    if (checkpoint.failed_with(EWOULDBLOCK)) return std::optional<Checkpoint>();
    if (!checkpoint.ok()) return checkpoint.error();
    return std::optional(std::move(checkpoint.value()));
  }
  static Napi::Value ToJs(Napi::Env env, const std::optional<Checkpoint>& checkpoint) {
    if (!checkpoint.has_value()) return env.Null();
    Napi::Object object = Napi::Object::New(env);
    Set(object, checkpoint->dropped);
    if (checkpoint->failure.has_value()) object.Set("failure", ToJsError(env, *checkpoint->failure).Value());
    return object;
  }

  Directory directory;
};

struct Needs : ToBoolean {
  explicit Needs(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<bool> Run() const { return NeedsCheckpoint(*directory); }

  Directory directory;
};

struct SyncMade : ToNothing {
  explicit SyncMade(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Status Run() const { return SyncCheckpoint(*directory); }

  Directory directory;
};

struct SyncOnly : ToNothing {
  explicit SyncOnly(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Status Run() const { return SyncWithoutVoucher(*directory); }

  Directory directory;
};

// (directory) -> { boot?, beganMs, ownBoot, failingSinceMs, images, bytes }; without a checkpoint no boot
struct ReadState {
  explicit ReadState(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<CheckpointState> Run() const { return ReadCheckpointState(*directory); }
  static Napi::Value ToJs(Napi::Env env, const CheckpointState& state) {
    const Voucher voucher = state.voucher.value_or(Voucher());
    Napi::Object object = Napi::Object::New(env);
    Set(object, state.doubtful);
    if (state.voucher.has_value()) object.Set("boot", voucher.boot);
    object.Set("beganMs", ToMilliseconds(voucher.until_ns));
    object.Set("ownBoot", state.own_boot);
    object.Set("failingSinceMs", ToMilliseconds(voucher.failing_since_ns));
    return object;
  }

  Directory directory;
};

// (directory) -> what has to come first: none, first use, other boot, impossible
struct FindNeed {
  explicit FindNeed(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()) {}
  Result<RecoveryNeed> Run() const { return FindRecoveryNeed(*directory); }
  static Napi::Value ToJs(Napi::Env env, RecoveryNeed need) {
    switch (need) {
      case RecoveryNeed::kNone:
        return Napi::String::New(env, "none");
      case RecoveryNeed::kFirstUse:
        return Napi::String::New(env, "first use");
      case RecoveryNeed::kOtherBoot:
        return Napi::String::New(env, "other boot");
      case RecoveryNeed::kImpossible:
        break;
    }
    return Napi::String::New(env, "impossible");
  }

  Directory directory;
};

// (directory, forced, dryRun) -> { handle, sinceMs, unverifiable, verifiable } | undefined without need | null while
// another one is at work.  `unverifiable`: columns of the images to drop; `verifiable`: of those whose digest decides.
struct Begin {
  struct Outcome {
    std::shared_ptr<Recovery> recovery;
    bool busy = false;
  };

  explicit Begin(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()), forced(arguments.Boolean()), dry_run(arguments.Boolean()) {}
  Result<Outcome> Run() const {
    if (dry_run) {
      auto recovery = Recovery::BeginDryRun(directory);
      if (!recovery.ok()) return recovery.error();
      return Outcome{std::make_shared<Recovery>(std::move(recovery.value()))};
    }
    auto recovery = Recovery::Begin(directory, forced);
    if (recovery.failed_with(EWOULDBLOCK)) return Outcome{nullptr, true};
    if (!recovery.ok()) return recovery.error();
    if (!recovery.value().has_value()) return Outcome{};
    return Outcome{std::make_shared<Recovery>(std::move(*recovery.value()))};
  }
  static Napi::Value ToJs(Napi::Env env, const Outcome& outcome) {
    if (outcome.busy) return env.Null();
    if (outcome.recovery == nullptr) return env.Undefined();
    const Recovery& recovery = *outcome.recovery;
    Napi::Object object = Napi::Object::New(env);
    object.Set("sinceMs", ToMilliseconds(recovery.since_ns()));
    object.Set("unverifiable", ToColumns(env, recovery.unverifiable(), 0, recovery.unverifiable().size()));
    object.Set("verifiable", ToColumns(env, recovery.verifiable(), 0, recovery.verifiable().size()));
    object.Set("handle", ToHandle(env, outcome.recovery));
    return object;
  }

  Directory directory;
  bool forced;
  bool dry_run;
};

// (recovery, limit) -> whether some are left
struct DropSome : ToBoolean {
  explicit DropSome(Arguments& arguments)
      : recovery(arguments.Handle<Recovery>()), limit(static_cast<size_t>(arguments.Number())) {}
  Result<bool> Run() const { return recovery->DropNext(limit); }

  std::shared_ptr<Recovery> recovery;
  size_t limit;
};

// (recovery, n)
struct DropOne : ToNothing {
  explicit DropOne(Arguments& arguments)
      : recovery(arguments.Handle<Recovery>()), index(static_cast<size_t>(arguments.Number())) {}
  Status Run() const { return recovery->DropVerified(index); }

  std::shared_ptr<Recovery> recovery;
  size_t index;
};

// (directory, id) -> a reader of an image that may not be served yet, as openImageAsync returns it
struct OpenDoubtful {
  explicit OpenDoubtful(Arguments& arguments) : directory(arguments.Handle<CacheDirectory>()), id(arguments.String()) {}
  Result<std::shared_ptr<OpenImage>> Run() const {
    auto image = OpenImageFile(*directory, id.c_str(), Waiting::kAllowed);
    if (image.ok()) return std::make_shared<OpenImage>(std::move(image.value()));
    if (image.failed_with(ENOENT)) return std::shared_ptr<OpenImage>();
    return image.error();
  }
  static Napi::Value ToJs(Napi::Env env, const std::shared_ptr<OpenImage>& image) {
    if (image == nullptr) return env.Undefined();
    Napi::Object object = Napi::Object::New(env);
    object.Set("handle", ToHandle(env, image));
    object.Set("fd", image->fd.get());
    object.Set("size", static_cast<double>(image->stat.size));
    return object;
  }

  Directory directory;
  std::string id;
};

// (recovery)
struct Finish : ToNothing {
  explicit Finish(Arguments& arguments) : recovery(arguments.Handle<Recovery>()) {}
  Status Run() const { return recovery->Finish(); }

  std::shared_ptr<Recovery> recovery;
};

}  // namespace

void ExportCheckpoint(Napi::Object exports) {
  AddExports(exports, {
                          {"checkpointAsync", CallAsync<Make>},
                          {"needsCheckpointAsync", CallAsync<Needs>},
                          {"syncCheckpointAsync", CallAsync<SyncMade>},
                          {"syncFileSystemAsync", CallAsync<SyncOnly>},
                          {"checkpointStateAsync", CallAsync<ReadState>},
                          {"recoveryNeedAsync", CallAsync<FindNeed>},
                          {"beginRecoveryAsync", CallAsync<Begin>},
                          {"dropDoubtfulAsync", CallAsync<DropSome>},
                          {"dropVerifiedAsync", CallAsync<DropOne>},
                          {"openDoubtfulAsync", CallAsync<OpenDoubtful>},
                          {"finishRecoveryAsync", CallAsync<Finish>},
                      });
}

}  // namespace xattr_cache::binding
