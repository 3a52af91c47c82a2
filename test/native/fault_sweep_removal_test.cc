// Design, section 8: fail each call.  Here the removal of images and leftovers.

#include <unistd.h>

#include <string>

#include "core/eviction.h"
#include "core/image_scan.h"
#include "core/lookup.h"
#include "core/reaper.h"
#include "fault_sweep.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::ClaimAndWrite;
using testing::LeaveDeadWriter;
using testing::Scene;
using testing::Sweep;

TEST("every call – of a delete – may fail") {
  const auto erase = [](Scene& scene) { (void)scene.Note(DeleteImage(scene.cache.directory(), "a")); };
  Sweep("deletes", {
                       {.name = "delete", .before = "old", .run = erase, .excused = testing::kGone},
                       {.name = "delete while it is written",
                        .before = "old",
                        .prepare = ClaimAndWrite,
                        .run = erase,
                        .finish =
                            [](Scene& scene) {
                              const bool deleted = !scene.error.has_value() && !scene.excused;
                              // An image reported as deleted does not come back.
                              if (deleted) scene.Expect(!scene.writer->Commit().ok(), "is committed though deleted");
                            },
                        .excused = testing::kGoneOrForeign},
                       {.name = "delete over a dead writer",
                        .before = "old",
                        .prepare = LeaveDeadWriter,
                        .run = erase,
                        .excused = testing::kGoneOrForeign},
                       {.name = "delete all",
                        .before = "old",
                        .run = [](Scene& scene) { (void)scene.Note(DeleteAllImages(scene.cache.directory())); },
                        .excused = testing::kGone},
                   });
}

void EvictAll(Scene& scene) {
  auto eviction = Eviction::Begin(scene.cache.shared(), 0);
  if (!scene.Note(eviction)) return;
  const auto evicted = eviction.value().Step(10);
  scene.error = evicted.problem;
  scene.answer = std::to_string(evicted.images.size());
}

TEST("every call – of an eviction – may fail") {
  Sweep("evictions", {
                         {.name = "evict",
                          .before = "old",
                          .prepare = [](Scene& scene) { scene.cache.AddImage("b", "", 10); },
                          .run = EvictAll,
                          .answer = "1",
                          .excused = testing::kGone},
                         {.name = "evict, dry",
                          .before = "old",
                          .after = "old",
                          .run =
                              [](Scene& scene) {
                                auto eviction = Eviction::BeginDryRun(scene.cache.shared(), 0);
                                if (!scene.Note(eviction)) return;
                                const auto evicted = eviction.value().Step(10);
                                scene.error = evicted.problem;
                                scene.answer = std::to_string(evicted.images.size());
                              },
                          .answer = "1",
                          .excused = testing::kGone},
                     });
}

// Longer than any machine has been up, in seconds.
constexpr double kBeforeBoot = 1e9;

void ReapStalledNow(Scene& scene) {
  const auto reaped = ReapStalled(scene.cache.directory(), 0, {});
  if (scene.Note(reaped)) scene.answer = std::to_string(reaped.value());
}

// A dead writer, a foreign file, bytes that no token names.
void LeaveStalled(Scene& scene) {
  LeaveDeadWriter(scene);
  testing::WriteFile(scene.cache.Path("incomplete/foreign"), "its");
  testing::WriteFile(scene.cache.Path("incomplete/.d-0123456789abcdef"), "orphan");
  scene.cache.AgeIncomplete(3600);
}

TEST("every call – of a reaper – may fail, and a live writer is unharmed") {
  Sweep("reapers",
        {
            {.name = "reap invalid",
             .before = "old",
             .after = "old",
             .prepare = [](Scene& scene) { testing::WriteFile(scene.cache.Path("invalid/b"), "half"); },
             .run =
                 [](Scene& scene) {
                   const auto reaped = ReapInvalid(scene.cache.directory(), 0);
                   if (scene.Note(reaped)) scene.answer = std::to_string(reaped.value());
                 },
             .answer = "1",
             .excused = testing::kGone},
            {.name = "reap stalled", .before = "old", .after = "old", .prepare = LeaveStalled, .run = ReapStalledNow},
            {.name = "reap stalled beside a live writer",
             .after = "new",
             .prepare =
                 [](Scene& scene) {
                   LeaveStalled(scene);
                   ::unlink(scene.cache.Path("incomplete/a").c_str());
                   ClaimAndWrite(scene);
                   scene.cache.AgeIncomplete(3600);
                 },
             .run = ReapStalledNow,
             .finish = [](Scene& scene) { scene.Expect(scene.writer->Commit().ok() || scene.excused, "is reaped"); },
             .excused = testing::kGone},
            {.name = "retire a dead writer",
             .prepare = LeaveDeadWriter,
             .run = [](Scene& scene) { (void)scene.Note(RetireDeadWriter(scene.cache.directory(), "a", {})); }},
            {.name = "retire a writer of another boot",
             .prepare =
                 [](Scene& scene) {
                   scene.cache.LeaveWriterOfOtherBoot("a", "half");
                   scene.cache.AgeIncomplete(kBeforeBoot);
                 },
             .run = [](Scene& scene) { (void)scene.Note(RetireDeadWriter(scene.cache.directory(), "a", {})); }},
        });
}

}  // namespace
}  // namespace xattr_cache
