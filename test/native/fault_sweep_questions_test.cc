// Design, section 8: fail each call.  Here lookups, reads, hits, the queue and configuring.

#include <string>

#include "core/counter.h"
#include "core/image_reader.h"
#include "core/image_scan.h"
#include "core/lookup.h"
#include "core/probe.h"
#include "fault_sweep.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Operation;
using testing::Scene;
using testing::Sweep;

std::string Text(bool answer) {
  return answer ? "yes" : "no";
}
std::string Text(int64_t answer) {
  return std::to_string(answer);
}
std::string Text(uint64_t answer) {
  return std::to_string(answer);
}
std::string Text(Holder holder) {
  return std::to_string(static_cast<int>(holder));
}
std::string Text(const ImageState& state) {
  return Text(state.cached) + ' ' + Text(state.size);
}
std::string Text(const std::optional<ColdImage>& image) {
  return image.has_value() ? image->id : "none";
}
std::string Text(const Usage& usage) {
  return Text(usage.incomplete + 10 * usage.invalid + 100 * usage.queued);
}
std::string Text(const ImageList& list) {
  std::string names;
  for (size_t i = 0; i < list.size(); i++) names += std::string(list.name(list.row(i))) + ' ';
  return names;
}

// A lookup in a cache, as an operation of the sweep.
template <typename Ask>
std::function<void(Scene&)> Asking(Ask ask) {
  return [ask](Scene& scene) {
    const auto answer = ask(scene.cache.directory());
    if (scene.Note(answer)) scene.answer = Text(answer.value());
  };
}

// Operations that do not touch the cached image "a".  A file that seems to be gone counts as gone.
Operation Question(const char* name, std::function<void(Scene&)> run, std::string answer) {
  return {.name = name,
          .before = "old",
          .after = "old",
          .prepare =
              [](Scene& scene) {
                scene.cache.AddImage("empty", "", 10);
                testing::SetAttribute(scene.cache.Path("a"), kHitsAttribute, "7");
                testing::WriteFile(scene.cache.Path("invalid/b"), "half");
                testing::WriteFile(scene.cache.Path("queue/b"), "");
                scene.cache.LeaveDeadWriter("dead", "half");
              },
          .run = std::move(run),
          .answer = std::move(answer),
          .excused = testing::kGoneOrForeign};
}

TEST("every call – of a lookup – may fail, and the result is right or an error") {
  Sweep(
      "questions",
      {
          Question("is cached", Asking([](const auto& cache) { return FindImage(cache, "a"); }), "yes 3"),
          Question("is an empty image cached", Asking([](const auto& cache) { return FindImage(cache, "empty"); }),
                   "yes 0"),
          Question("hits", Asking([](const auto& cache) { return ReadHits(cache, "a"); }), "7"),
          Question("is queued", Asking([](const auto& cache) { return IsQueued(cache, "b"); }), "yes"),
          Question("the writer of an image without a writer",
                   Asking([](const auto& cache) { return FindHolder(cache, "a", {}); }), Text(Holder::kNobody)),
          Question("who holds a dead writer's image",
                   Asking([](const auto& cache) { return FindHolder(cache, "dead", {}); }), Text(Holder::kDeadWriter)),
          Question("list images", Asking([](const auto& cache) { return ListImages(cache); }), "a empty "),
          Question("list invalid", Asking([](const auto& cache) { return ListInvalid(cache); }), "b "),
          Question("list queue", Asking([](const auto& cache) { return ListQueue(cache); }), "b "),
          Question("sum", Asking([](const auto& cache) { return SumImages(cache); }), "3"),
          Question("coldest", Asking([](const auto& cache) { return FindColdest(cache); }), "a"),
          Question("usage", Asking([](const auto& cache) { return MeasureUsage(cache); }), "111"),
          Question("may write images", Asking([](const auto& cache) { return MayWriteImages(cache); }), ""),
      });
}

TEST("every call – of a lookup beside a writer – may fail, and the writer goes on") {
  Sweep("questions about a live writer", {{.name = "who holds a live writer's image",
                                           .after = "new",
                                           .prepare = testing::ClaimAndWrite,
                                           .run = Asking([](const auto& cache) { return FindHolder(cache, "a", {}); }),
                                           .finish = testing::CommitWhatIsWritten,
                                           .answer = Text(Holder::kLiveWriter),
                                           .excused = testing::kGoneOrForeign}});
}

TEST("every call – of the queue – may fail") {
  const auto queue_a = Asking([](const auto& cache) { return QueueImage(cache, "a", {}); });
  Sweep("the queue", {
                         {.name = "queue", .run = queue_a, .answer = "yes", .excused = testing::kGoneOrForeign},
                         {.name = "queue a dead writer's image",
                          .prepare = testing::LeaveDeadWriter,
                          .run = queue_a,
                          .answer = "yes",
                          .excused = testing::kGoneOrForeign},
                         {.name = "queue what is cached",
                          .before = "old",
                          .after = "old",
                          .run = queue_a,
                          .answer = "no",
                          .excused = testing::kGoneOrForeign},
                         Question("dequeue", Asking([](const auto& cache) { return DequeueImage(cache, "b"); }), "yes"),
                         Question("dequeue all", Asking([](const auto& cache) { return DequeueAll(cache); }), "1"),
                     });
}

// Opens, reads all and counts the hit.
template <Waiting kWaiting>
void ReadAndHit(Scene& scene) {
  auto image = OpenImageFile(scene.cache.directory(), "a", kWaiting);
  if (!scene.Note(image)) return;
  const int fd = image.value().fd.get();
  std::string bytes(10, '?');
  const auto size = ReadImage(fd, std::as_writable_bytes(std::span(bytes)), 0, kWaiting);
  if (!scene.Note(size)) return;
  bytes.resize(size.value());
  const bool complete = bytes == "old" || (kWaiting == Waiting::kNever && std::string_view("old").starts_with(bytes));
  scene.Expect(complete, "reads wrong bytes");

  const auto hit = RecordHit(fd, std::chrono::nanoseconds{0});
  scene.Expect(hit.ok(), "fails a read for its hit");
  const bool counted = hit.ok() && hit.value().outcome == HitOutcome::kCounted;
  const bool on_file = testing::Attribute(scene.cache.Path("a"), kHitsAttribute) == "1";
  scene.Expect(counted == on_file, "says of a hit what is not so");
}

TEST("every call – of a read – may fail, and a hit is counted or reported uncounted") {
  Sweep("reads",
        {
            {.name = "read", .before = "old", .after = "old", .run = ReadAndHit<Waiting::kAllowed>},
            {.name = "read without waiting", .before = "old", .after = "old", .run = ReadAndHit<Waiting::kNever>},
            {.name = "increment",
             .before = "old",
             .after = "old",
             .run =
                 [](Scene& scene) {
                   const auto count = IncrementCounter(scene.cache.Path("a").c_str(), kHitsAttribute, 5, {});
                   const bool on_file = testing::Attribute(scene.cache.Path("a"), kHitsAttribute) == "5";
                   scene.Expect(scene.Note(count) == on_file, "says of a count what is not so");
                 }},
            {.name = "attributes by path",
             .before = "old",
             .after = "old",
             .run =
                 [](Scene& scene) {
                   const std::string path = scene.cache.Path("a");
                   const std::string value(300, 'v');
                   if (!scene.Note(WriteAttributeOfPath(path.c_str(), "user.test", value))) return;
                   const auto read = ReadAttributeOfPath(path.c_str(), "user.test");
                   if (scene.Note(read)) scene.Expect(read.value() == value, "reads a wrong value");
                 }},
        });
}

TEST("every call – of configuring – may fail, and working locks are not called broken") {
  Sweep("configuring", {{.name = "configure",
                         .before = "old",
                         .after = "old",
                         .run =
                             [](Scene& scene) {
                               auto opened = CacheDirectory::Open(scene.cache.path().c_str());
                               if (!scene.Note(opened)) return;
                               const auto directory = std::make_shared<const CacheDirectory>(std::move(opened.value()));
                               const auto found = ProbeDirectory(directory);
                               if (scene.Note(found)) scene.answer = found.value().locks ? "locks" : "no locks";
                             },
                         .answer = "locks"}});
}

}  // namespace
}  // namespace xattr_cache
