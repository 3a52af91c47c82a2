// Design, section 8: fail each call.  Here those that reserve room below the limits, and make it.

#include <optional>
#include <string>

#include "core/eviction.h"
#include "core/whole_put.h"
#include "fault_sweep.h"
#include "harness.h"
#include "limited.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Limited;
using testing::Operation;
using testing::Scene;
using testing::Sweep;

constexpr Limits kHundred{.bytes = 100};

// The process whose calls fail.  In a cache that is found to hold half of its limit.
std::optional<Limited> process;

void Start(Scene& scene) {
  process.emplace(scene.cache, kHundred);
  process->Walk(50, 5);
}

void StartFull(Scene& scene) {
  process.emplace(scene.cache, kHundred);
  process->Walk(98, 5);
}

void StartWithReservation(Scene& scene) {
  Start(scene);
  scene.Expect(process->Reserve(30) == "room", "cannot be prepared");
}

// Returns whether there was room.
bool NoteRoom(Scene& scene, const Result<Verdict>& verdict) {
  if (scene.Note(verdict) && !HasRoom(verdict.value())) scene.error = SysError{ENOSPC, "no room"};
  return !scene.error.has_value();
}

void Reserve(Scene& scene) {
  const auto verdict = process->reservations().Reserve(process->base(), {30, 1}, {}, 0);
  if (NoteRoom(scene, verdict)) scene.answer = "room";
}

void Stop(Scene& scene) {
  scene.writer.reset();
  const std::string balance = process->Measure();
  scene.Expect(balance.ends_with("reserved 0/0"), "the process keeps a reservation");
  process.reset();
}

void SettleAndStop(Scene& scene) {
  if (scene.answer == "room") process->Settle(30, 0);
  Stop(scene);
}

// A walk, which every process makes if it does not know the size, restores the truth.
void ExpectNothingReserved(Scene& scene) {
  const Limited observer(scene.cache, kHundred);
  const std::string balance = observer.Measure();
  scene.Expect(balance.ends_with("reserved 0/0") || balance == "unknown" || balance.starts_with("openat"),
               "others see a reservation");
  observer.Walk(50, 5);
  scene.Expect(observer.Reserve(40) == "room", "others have no room after a walk");
}

Operation Complete(Operation operation) {
  if (!operation.prepare) operation.prepare = Start;
  if (!operation.finish) operation.finish = Stop;
  operation.inspect = ExpectNothingReserved;
  return operation;
}

void Put(Scene& scene) {
  (void)NoteRoom(scene, PutImage(process->directory(), "a", Bytes("new")));
}

void Stream(Scene& scene) {
  auto claimed = ImageWriter::Claim(process->shared(), "a", {});
  if (!scene.Note(claimed)) return;
  scene.writer.emplace(std::move(claimed.value()));
  for (const char* bytes : {"n", "ew"}) {
    if (!NoteRoom(scene, scene.writer->Write(Bytes(bytes)))) return;
  }
  (void)scene.Note(scene.writer->Commit());
}

void Evict(Scene& scene) {
  auto eviction = Eviction::BeginForLimits(process->shared(), {.extra = {.cache = {1, 0}}, .wanted = {}});
  if (!scene.Note(eviction)) return;
  const auto evicted = eviction.value().Step(10);
  if (!scene.Note(evicted)) return;
  scene.error = evicted.value().problem;
  scene.answer = std::to_string(evicted.value().images.size());
}

TEST("every call – of a reservation – may fail, and none is left") {
  Sweep(
      "reservations",
      {
          Complete({.name = "reserve", .run = Reserve, .finish = SettleAndStop}),
          Complete({.name = "settle", .prepare = StartWithReservation, .run = [](Scene&) { process->Settle(30, 20); }}),
          Complete({.name = "wait",
                    .run =
                        [](Scene& scene) {
                          (void)scene.Note(process->reservations().Wait(process->base(), 1000, {10, 1}));
                          (void)scene.Note(process->reservations().Wait(process->base(), 0, {}));
                        }}),
          Complete({.name = "measure",
                    .prepare = StartWithReservation,
                    .run = [](Scene& scene) { (void)scene.Note(process->reservations().Measure(process->base())); },
                    .finish =
                        [](Scene& scene) {
                          process->Settle(30, 0);
                          Stop(scene);
                        }}),
      });
}

TEST("every call – of a write with limits – may fail, and the limit is kept") {
  Sweep("writes with limits", {
                                  Complete({.name = "put", .after = "new", .run = Put}),
                                  Complete({.name = "stream", .after = "new", .run = Stream}),
                                  Complete({.name = "put without room", .prepare = StartFull, .run = Put}),
                                  Complete({.name = "stream without room", .prepare = StartFull, .run = Stream}),
                              });
}

TEST("every call – of an eviction for limits – may fail") {
  Sweep("evictions for limits",
        {
            Complete({.name = "evict", .before = "old", .run = Evict, .answer = "1", .excused = testing::kGone}),
        });
}

}  // namespace
}  // namespace xattr_cache
