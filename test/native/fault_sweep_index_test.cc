// Design, section 8: fail each call.  Here an index that follows the directory: it is right, or there is an error.

#include <memory>
#include <string>

#include "core/live_index.h"
#include "fault_sweep.h"
#include "harness.h"
#include "live_index_fixture.h"

namespace xattr_cache {
namespace {

using testing::Operation;
using testing::Scene;
using testing::Sweep;

// The index that the steps of an operation share.
using Shared = std::shared_ptr<std::unique_ptr<LiveIndex>>;

void AddOthers(Scene& scene) {
  scene.cache.AddImage("empty", "", 10);
  scene.cache.AddImage("b", "younger", 10);
}

// Afterwards, nothing fails: what had failed must not have left it wrong.
std::function<void(Scene&)> Comparing(const Shared& live) {
  return [live](Scene& scene) {
    if (*live == nullptr) return;
    const auto updated = (*live)->Update();
    scene.Expect(updated.ok() && updated.value(), "cannot be followed any more");
    if (!scene.excused) scene.Expect(testing::DifferenceFromWalk(**live, scene.cache).empty(), "is wrong in the index");
    (*live)->BeginRound();
    if (!scene.excused)
      scene.Expect(testing::ColdestOf(**live) == testing::ColdestOfWalk(scene.cache), "has another order in the index");
    live->reset();
  };
}

std::string Summary(const LiveIndex& live) {
  return std::to_string(live.images()) + " of " + std::to_string(live.size());
}

void UpdateIndex(Scene& scene, LiveIndex& live) {
  const auto updated = live.Update();
  if (!scene.Note(updated)) return;
  scene.Expect(updated.value(), "is not followed");
  scene.answer = Summary(live);
}

TEST("every call – of a live index – may fail, and it is right or there is an error") {
  const auto live = std::make_shared<std::unique_ptr<LiveIndex>>();
  const auto built_before = [live](Scene& scene) {
    AddOthers(scene);
    *live = testing::BuildIndex(scene.cache);
  };
  Sweep("live indexes", {
                            {.name = "build",
                             .before = "old",
                             .after = "old",
                             .prepare = AddOthers,
                             .run =
                                 [live](Scene& scene) {
                                   const std::atomic<bool> stop{false};
                                   auto built = LiveIndex::Build(scene.cache.shared(), stop);
                                   if (!scene.Note(built)) return;
                                   *live = std::move(built.value());
                                   scene.answer = Summary(**live);
                                 },
                             .finish = Comparing(live),
                             .answer = "3 of 10",
                             .excused = testing::kGone},
                            {.name = "update",
                             .before = "old",
                             .after = "old",
                             .prepare =
                                 [live](Scene& scene) {
                                   *live = testing::BuildIndex(scene.cache);
                                   AddOthers(scene);
                                 },
                             .run = [live](Scene& scene) { UpdateIndex(scene, **live); },
                             .finish = Comparing(live),
                             .answer = "3 of 10",
                             .excused = testing::kGone},
                            {.name = "coldest",
                             .before = "old",
                             .after = "old",
                             .prepare = built_before,
                             .run =
                                 [live](Scene& scene) {
                                   const auto coldest = (*live)->Coldest();
                                   if (scene.Note(coldest))
                                     scene.answer = coldest.value().has_value() ? coldest.value()->id : "(none)";
                                 },
                             .finish = Comparing(live),
                             .answer = "a",
                             .excused = testing::kGone},
                            {.name = "evict the coldest",
                             .before = "old",
                             .prepare = built_before,
                             .run =
                                 [live](Scene& scene) {
                                   const auto coldest = (*live)->Coldest();
                                   if (!scene.Note(coldest)) return;
                                   if (!coldest.value().has_value() || coldest.value()->id != "a") return;
                                   const auto removal =
                                       RemoveVictim(scene.cache.directory(), "a", coldest.value()->row);
                                   (*live)->Settle(*coldest.value(), removal);
                                   (void)scene.Note(removal);
                                   scene.answer = Summary(**live);
                                 },
                             .finish = Comparing(live),
                             .excused = testing::kGone},
                        });
}

}  // namespace
}  // namespace xattr_cache
