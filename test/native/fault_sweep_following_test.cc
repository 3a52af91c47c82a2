// Design, section 8: fail each call.  Here the calls of followers and of the quarantine.

#include <fcntl.h>

#include <string>

#include "core/follower.h"
#include "core/quarantine.h"
#include "fault_sweep.h"
#include "harness.h"
#include "posix/unique_fd.h"

namespace xattr_cache {
namespace {

using testing::ClaimAndWrite;
using testing::CommitWhatIsWritten;
using testing::LeaveDeadWriter;
using testing::Scene;
using testing::Sweep;

// Opens and looks once; the answer is the state that it saw.
void FollowAndLook(Scene& scene) {
  auto follower = Follower::Open(scene.cache.shared(), "a", {}, true);
  if (!scene.Note(follower)) return;
  const auto state = follower.value().Poll();
  if (!scene.Note(state)) return;
  scene.answer = std::to_string(static_cast<int>(state.value().progress)) + " " + std::to_string(state.value().size);
}

void QuarantineImage(Scene& scene) {
  const UniqueFd file(::open(scene.cache.Path("a").c_str(), O_RDONLY | O_CLOEXEC));
  const auto moved = Quarantine(scene.cache.directory(), "a", file.get(), "why");
  if (scene.Note(moved)) scene.answer = moved.value() ? "moved" : "gone";
}

TEST("every call – of a follower – may fail") {
  Sweep("followings", {
                          {.name = "follow a live writer",
                           .before = "old",
                           .after = "new",
                           .prepare = ClaimAndWrite,
                           .run = FollowAndLook,
                           .finish = CommitWhatIsWritten,
                           .answer = "0 3"},
                          {.name = "follow a dead writer",
                           .before = "old",
                           .after = "old",
                           .prepare = LeaveDeadWriter,
                           .run = FollowAndLook,
                           .answer = ""},
                      });
}

TEST("every call – of a quarantine – may fail") {
  Sweep(
      "quarantines",
      {{.name = "quarantine", .before = "old", .run = QuarantineImage, .answer = "moved", .excused = testing::kGone}});
}

}  // namespace
}  // namespace xattr_cache
