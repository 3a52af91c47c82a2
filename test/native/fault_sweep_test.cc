// Design, section 8: fail each call.  Here the calls that make an image.

#include "fault_sweep.h"
#include "core/lookup.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Claim;
using testing::ClaimAndWrite;
using testing::CommitWhatIsWritten;
using testing::Faults;
using testing::LeaveDeadWriter;
using testing::Scene;
using testing::Sweep;

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

TEST("every call – of a claim, a second one, a take-over – may fail") {
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

TEST("every call – of a writer – may fail, and it can go on or give up") {
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

TEST("every call – of a put – may fail") {
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

}  // namespace
}  // namespace xattr_cache
