// JavaScript entry points for core/image_writer.h and core/whole_put.h.  The facade makes one call of a writer at a
// time.

#include "binding/exports.h"
#include "binding/operation.h"
#include "core/image_writer.h"
#include "core/whole_put.h"

namespace xattr_cache::binding {

namespace {

// (directory, id, stall...) -> handle
struct Claim {
  explicit Claim(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()), id(arguments.String()), rule(arguments.Stall()) {}
  Result<std::shared_ptr<ImageWriter>> Run() {
    auto writer = ImageWriter::Claim(directory, id, rule);
    if (!writer.ok()) return writer.error();
    return std::make_shared<ImageWriter>(std::move(writer.value()));
  }
  static Napi::Value ToJs(Napi::Env env, std::shared_ptr<ImageWriter>& writer) { return ToHandle(env, writer); }

  std::shared_ptr<const CacheDirectory> directory;
  std::string id;
  StallRule rule;
};

// The first argument of all of these: (writer, ...).  EBADF once it was committed or rolled back.
struct OfWriter : ToNothing {
  explicit OfWriter(Arguments& arguments) : writer(arguments.Handle<ImageWriter>()) {}

  template <typename Operation>
  Status IfOpen(Operation operation) const {
    if (!writer->open()) return SysError{EBADF, "write"};
    return operation(*writer);
  }

  std::shared_ptr<ImageWriter> writer;
};

struct Reserve : OfWriter {
  explicit Reserve(Arguments& arguments) : OfWriter(arguments), size(static_cast<uint64_t>(arguments.Number())) {}
  Status Run() const {
    return IfOpen([&](ImageWriter& open) { return open.Reserve(size); });
  }

  uint64_t size;
};

struct Write : OfWriter {
  explicit Write(Arguments& arguments) : OfWriter(arguments), bytes(arguments.Bytes()) {}
  Status Run() const {
    return IfOpen([&](ImageWriter& open) { return open.Write(bytes); });
  }

  std::span<const std::byte> bytes;
};

struct Commit : OfWriter {
  using OfWriter::OfWriter;
  Status Run() const {
    return IfOpen([](ImageWriter& open) { return open.Commit(); });
  }
};

const char* NameOf(ClaimState state) {
  switch (state) {
    case ClaimState::kHeld:
      return "held";
    case ClaimState::kGone:
      return "gone";
    case ClaimState::kTaken:
      return "taken";
    case ClaimState::kUnknown:
      break;
  }
  return "unknown";
}

// (writer) -> the state of its claim
struct FindClaim {
  explicit FindClaim(Arguments& arguments) : writer(arguments.Handle<ImageWriter>()) {}
  Result<ClaimState> Run() const { return writer->open() ? writer->FindClaim() : ClaimState::kUnknown; }
  static Napi::Value ToJs(Napi::Env env, ClaimState state) { return Napi::String::New(env, NameOf(state)); }

  std::shared_ptr<ImageWriter> writer;
};

struct Rollback : OfWriter {
  explicit Rollback(Arguments& arguments)
      : OfWriter(arguments), reason(arguments.String()), largest_kept(static_cast<uint64_t>(arguments.Number())) {}
  Status Run() const {
    return IfOpen([&](ImageWriter& open) { return open.Rollback(reason, largest_kept); });
  }

  std::string reason;
  uint64_t largest_kept;
};

struct RecordDigest : OfWriter {
  explicit RecordDigest(Arguments& arguments) : OfWriter(arguments), text(arguments.String()) {}
  Status Run() const {
    return IfOpen([&](ImageWriter& open) { return open.RecordDigest(text); });
  }

  std::string text;
};

struct NoteLength : OfWriter {
  explicit NoteLength(Arguments& arguments) : OfWriter(arguments), length(static_cast<uint64_t>(arguments.Number())) {}
  Status Run() const {
    return IfOpen([&](ImageWriter& open) { return open.NoteLength(length); });
  }

  uint64_t length;
};

struct Abandon : OfWriter {
  using OfWriter::OfWriter;
  Status Run() const {
    return IfOpen([](ImageWriter& open) -> Status {
      open.Abandon();
      return Done{};
    });
  }
};

struct Discard : OfWriter {
  using OfWriter::OfWriter;
  Status Run() const {
    return IfOpen([](ImageWriter& open) -> Status {
      open.Discard();
      return Done{};
    });
  }
};

struct Touch : OfWriter {
  using OfWriter::OfWriter;
  Status Run() const {
    return IfOpen([](ImageWriter& open) { return open.Touch(); });
  }
};

// (directory, id, bytes)
struct Put : ToNothing {
  explicit Put(Arguments& arguments)
      : directory(arguments.Handle<CacheDirectory>()), id(arguments.String()), bytes(arguments.Bytes()) {}
  Status Run() const { return PutImage(*directory, id.c_str(), bytes); }

  std::shared_ptr<const CacheDirectory> directory;
  std::string id;
  std::span<const std::byte> bytes;
};

}  // namespace

void ExportWriter(Napi::Object exports) {
  AddExports(exports, {
                          {"claimSync", CallSync<Claim>},
                          {"claimAsync", CallAsync<Claim>},
                          {"reserveSync", CallSync<Reserve>},
                          {"reserveAsync", CallAsync<Reserve>},
                          {"writeSync", CallSync<Write>},
                          {"writeAsync", CallAsync<Write>},
                          {"commitSync", CallSync<Commit>},
                          {"commitAsync", CallAsync<Commit>},
                          {"findClaimSync", CallSync<FindClaim>},
                          {"findClaimAsync", CallAsync<FindClaim>},
                          {"rollbackSync", CallSync<Rollback>},
                          {"rollbackAsync", CallAsync<Rollback>},
                          {"abandonAsync", CallAsync<Abandon>},
                          {"discardSync", CallSync<Discard>},
                          {"discardAsync", CallAsync<Discard>},
                          {"noteLengthAsync", CallAsync<NoteLength>},
                          {"recordDigestAsync", CallAsync<RecordDigest>},
                          {"touchAsync", CallAsync<Touch>},
                          {"putImageSync", CallSync<Put>},
                          {"putImageAsync", CallAsync<Put>},
                      });
}

}  // namespace xattr_cache::binding
