// Design, section 8: fail each call.  Here the operations that change an image; the others are in
// fault_sweep_questions_test.cc.

#include <unistd.h>

#include <string>

#include "core/eviction.h"
#include "core/image_scan.h"
#include "core/lookup.h"
#include "core/reaper.h"
#include "core/whole_put.h"
#include "fault_sweep.h"
#include "faults.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Faults;
using testing::Operation;
using testing::Scene;
using testing::Sweep;

void TakeWriter(Scene& scene, Result<ImageWriter> claimed) {
  if (scene.Note(claimed)) scene.writer.emplace(std::move(claimed.value()));
}

void Claim(Scene& scene) {
  TakeWriter(scene, scene.cache.Claim("a"));
}

// A writer with "new" in its file.
void ClaimAndWrite(Scene& scene) {
  Claim(scene);
  scene.Expect(scene.writer->Write(Bytes("new")).ok(), "cannot be prepared");
}

void ClaimWriteAndReserve(Scene& scene) {
  ClaimAndWrite(scene);
  scene.Expect(scene.writer->Reserve(1 << 16).ok(), "cannot be prepared");
}

// "new", after a write that failed and may have left bytes behind it.
void ClaimWriteAndTear(Scene& scene) {
  ClaimAndWrite(scene);
  const Faults faults(testing::Refuse("pwrite64", EIO));
  scene.Expect(!scene.writer->Write(Bytes("torn")).ok(), "cannot be prepared");
}

void WriteAndCommit(Scene& scene) {
  if (!scene.writer.has_value()) return;
  scene.Expect(scene.writer->Write(Bytes("new")).ok(), "a claim that was had cannot be written");
  scene.Expect(scene.writer->Commit().ok(), "a claim that was had cannot be committed");
}

void CommitWhatIsWritten(Scene& scene) {
  scene.Expect(scene.writer->Commit().ok(), "cannot be committed any more");
}

void Commit(Scene& scene) {
  (void)scene.Note(scene.writer->Commit());
}

void CommitAgain(Scene& scene) {
  if (scene.writer->open()) CommitWhatIsWritten(scene);
}

void RollBack(Scene& scene) {
  (void)scene.Note(scene.writer->Rollback("why"));
}

void ExpectClosed(Scene& scene) {
  scene.Expect(!scene.writer->open(), "is still open");
}

void Put(Scene& scene) {
  (void)scene.Note(PutImage(scene.cache.directory(), "a", Bytes("new")));
}

void LeaveDeadWriter(Scene& scene) {
  scene.cache.LeaveDeadWriter("a", "half");
}

TEST("every call of a claim may fail, of a fresh one, of a second one, and of one that takes over") {
  Sweep("claims",
        {
            {.name = "claim", .after = "new", .run = Claim, .finish = WriteAndCommit},
            {.name = "claim over an image", .before = "old", .after = "new", .run = Claim, .finish = WriteAndCommit},
            {.name = "claim by name", .after = "new", .run = Claim, .finish = WriteAndCommit, .unknown_call = "linkat"},
            {.name = "take-over",
             .before = "old",
             .after = "new",
             .prepare = LeaveDeadWriter,
             .run = Claim,
             .finish = WriteAndCommit},
            {.name = "take-over by name",
             .after = "new",
             .prepare = LeaveDeadWriter,
             .run = Claim,
             .finish = WriteAndCommit,
             .unknown_call = "linkat"},
            {.name = "second claim",
             .before = "old",
             .after = "new",
             .prepare = Claim,
             .run = [](Scene& scene) { scene.Expect(!scene.cache.Claim("a").ok(), "is claimed twice"); },
             .finish = WriteAndCommit},
        });
}

TEST("every call of a writer may fail, and it can go on or give up") {
  Sweep("writers",
        {
            {.name = "write",
             .after = "newnew",
             .prepare = ClaimAndWrite,
             .run = [](Scene& scene) { (void)scene.Note(scene.writer->Write(Bytes("new"))); },
             .finish =
                 [](Scene& scene) {
                   if (scene.error.has_value()) scene.Expect(scene.writer->Write(Bytes("new")).ok(), "cannot go on");
                   CommitWhatIsWritten(scene);
                 }},
            {.name = "write, then give up",
             .before = "old",
             .after = "old",
             .prepare = Claim,
             .run = [](Scene& scene) { (void)scene.Note(scene.writer->Write(Bytes("new"))); },
             .finish = [](Scene& scene) { scene.Expect(scene.writer->Rollback("why").ok(), "cannot give up"); }},
            {.name = "reserve",
             .after = "new",
             .prepare = ClaimAndWrite,
             .run = [](Scene& scene) { (void)scene.Note(scene.writer->Reserve(1 << 16)); },
             .finish = CommitWhatIsWritten},
            {.name = "touch",
             .after = "new",
             .prepare = ClaimAndWrite,
             .run = [](Scene& scene) { (void)scene.Note(scene.writer->Touch()); },
             .finish = CommitWhatIsWritten},
            {.name = "commit", .after = "new", .prepare = ClaimAndWrite, .run = Commit},
            {.name = "commit over an image", .before = "old", .after = "new", .prepare = ClaimAndWrite, .run = Commit},
            {.name = "commit of a reservation", .after = "new", .prepare = ClaimWriteAndReserve, .run = Commit},
            {.name = "commit after a torn write", .after = "new", .prepare = ClaimWriteAndTear, .run = Commit},
            {.name = "commit, and again",
             .before = "old",
             .after = "new",
             .prepare = ClaimAndWrite,
             .run = Commit,
             .finish = CommitAgain},
            {.name = "commit after a delete",
             .prepare =
                 [](Scene& scene) {
                   ClaimAndWrite(scene);
                   scene.Expect(DeleteImage(scene.cache.directory(), "a").ok(), "cannot be prepared");
                 },
             .run = [](Scene& scene) { scene.Expect(!scene.writer->Commit().ok(), "is committed though deleted"); }},
            {.name = "rollback",
             .before = "old",
             .after = "old",
             .prepare = ClaimAndWrite,
             .run = RollBack,
             .finish = ExpectClosed},
            {.name = "rollback of a reservation",
             .prepare = ClaimWriteAndReserve,
             .run = RollBack,
             .finish = ExpectClosed},
            {.name = "discard",
             .before = "old",
             .after = "old",
             .prepare = ClaimAndWrite,
             .run = [](Scene& scene) { scene.writer->Discard(); },
             .finish = ExpectClosed},
            {.name = "a writer that is dropped",
             .before = "old",
             .after = "old",
             .prepare = ClaimAndWrite,
             .run = [](Scene& scene) { scene.writer.reset(); }},
        });
}

TEST("every call of a whole put may fail") {
  Sweep(
      "puts",
      {
          {.name = "put", .after = "new", .run = Put},
          {.name = "put over an image", .before = "old", .after = "new", .run = Put},
          {.name = "put by name", .after = "new", .run = Put, .unknown_call = "linkat"},
          {.name = "put by name over an image", .before = "old", .after = "new", .run = Put, .unknown_call = "linkat"},
          {.name = "put over a dead writer", .after = "new", .prepare = LeaveDeadWriter, .run = Put},
      });
}

TEST("every call of a delete may fail") {
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
                              // What was said to be deleted does not come back.
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

TEST("every call of an eviction may fail") {
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
  testing::WriteFile(scene.cache.Path("incomplete/foreign"), "his");
  testing::WriteFile(scene.cache.Path("incomplete/.d-0123456789abcdef"), "orphan");
  scene.cache.AgeIncomplete(3600);
}

TEST("every call of a reaper may fail, and a live writer is none the worse for it") {
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
