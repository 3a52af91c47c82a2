#include "fault_sweep.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <bitset>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "core/reaper.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"
#include "processes.h"

namespace testing {

using namespace xattr_cache;

namespace {

// In place of an errno: the process is killed before it makes the call.
constexpr int kDeath = -1;

constexpr int kFaults[] = {EIO, ENOSPC, EDQUOT, EACCES, EMFILE, ENOMEM, EINTR, ENOENT, ESTALE, EROFS, kDeath};

// Enough complaints to find the fault of an operation.
constexpr int kMostComplaints = 5;

// An operation that never completes is as wrong as one that fails.
constexpr int kMostCalls = 500;

using Descriptors = std::bitset<256>;

Descriptors OpenDescriptors() {
  Descriptors open;
  DIR* stream = ::opendir("/proc/self/fd");
  if (stream == nullptr) std::abort();
  while (const dirent* entry = ::readdir(stream)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != ::dirfd(stream)) open.set(static_cast<size_t>(fd));
  }
  ::closedir(stream);
  return open;
}

bool AnythingIsLocked(const Cache& cache) {
  for (const char* file : {"a", ".xattr-cache/lock"}) {
    if (Exists(cache.Path(file)) && IsFlocked(cache.Path(file))) return true;
  }
  std::istringstream names(Names(cache.Path("incomplete")));
  for (std::string name; names >> name;) {
    if (IsFlocked(cache.Path("incomplete/" + name))) return true;
  }
  return false;
}

// A claim that is committed, and a whole put.
const char* CacheAgain(const Cache& cache) {
  auto writer = cache.Claim("a");
  if (!writer.ok()) return "cannot be claimed again";
  if (!writer.value().Write(Bytes("fresh")).ok() || !writer.value().Commit().ok()) return "cannot be committed again";
  if (ReadFile(cache.Path("a")) != "fresh") return "is wrong when it is cached again";
  if (!PutImage(cache.directory(), "a", Bytes("put")).ok()) return "cannot be put again";
  if (ReadFile(cache.Path("a")) != "put") return "is wrong when it is put again";
  return nullptr;
}

const char* ReapAll(const Cache& cache) {
  cache.AgeIncomplete(3600);
  if (!ReapStalled(cache.directory(), 0, {}).ok() || !ReapInvalid(cache.directory(), 0).ok()) return "cannot be reaped";
  if (!Names(cache.Path("incomplete")).empty()) return "leaves something in incomplete/";
  if (!Names(cache.Path("invalid")).empty()) return "leaves something in invalid/";
  return nullptr;
}

struct Point {
  int nth;
  int code;
  char call[32] = "";  // Which it was; empty if the operation made fewer calls.

  bool fired() const { return call[0] != '\0'; }
};

void RunWithFault(const Operation& operation, Scene& scene, Point& point) {
  int calls = 0;
  const Faults faults([&](std::string_view call) {
    if (call == operation.unknown_call) return EPERM;
    if (++calls != point.nth) return 0;
    call.copy(point.call, sizeof(point.call) - 1);
    return point.code;
  });
  operation.run(scene);
}

// In a process of its own, which makes the claims: every process with a copy of its descriptor keeps a lock.
void RunAndDie(const Operation& operation, Scene& scene, Point& point) {
  Worker worker([&] {
    if (operation.prepare) operation.prepare(scene);
    const Faults faults([&, calls = 0](std::string_view call) mutable {
      if (call == operation.unknown_call) return EPERM;
      if (++calls == point.nth) ::raise(SIGKILL);
      return 0;
    });
    operation.run(scene);
    return true;
  });
  if (worker.Wait()) return;
  std::strcpy(point.call, "killed");
  scene.error = SysError{EINTR, "kill"};
}

// Returns the fault of the image after the operation, if there is one.
const char* LookAtImage(const Operation& operation, const Scene& scene) {
  const auto bytes = ReadFile(scene.cache.Path("a"));
  if (bytes != operation.before && bytes != operation.after) return "is neither what it was nor what it becomes";
  if (!scene.error.has_value() && bytes != operation.after && !scene.excused) return "is as before, after success";
  if (bytes.has_value() && !Attribute(scene.cache.Path("a"), kHitsAttribute).has_value()) return "has no user.hits";
  if (!scene.error.has_value() && !operation.answer.empty() && scene.answer != operation.answer && !scene.excused) {
    return "was answered wrongly";
  }
  return nullptr;
}

// Returns the fault after one point, if there is one.
std::string TryPoint(const Operation& operation, const Cache& cache, Point& point) {
  cache.Clear();
  Scene scene{cache};
  const Descriptors open_before = OpenDescriptors();
  if (operation.before.has_value()) scene.cache.AddImage("a", *operation.before, 1000);
  if (point.code == kDeath) {
    RunAndDie(operation, scene, point);
    if (!point.fired()) return "";
  } else {
    if (operation.prepare) operation.prepare(scene);
    RunWithFault(operation, scene, point);
    scene.excused = point.fired() && std::ranges::count(operation.excused, point.code) > 0;
    if (operation.finish) operation.finish(scene);
    scene.writer.reset();
  }

  if (!scene.complaint.empty()) return scene.complaint;
  if (OpenDescriptors() != open_before) return "leaks a descriptor";
  if (AnythingIsLocked(scene.cache)) return "keeps a lock";
  if (const char* problem = LookAtImage(operation, scene)) return "the image " + std::string(problem);
  // A writer that dies between making a token by name and marking it leaves one like a foreign writer's.
  if (point.code == kDeath && *operation.unknown_call != '\0') ReapAll(scene.cache);
  if (const char* problem = CacheAgain(scene.cache)) return "the image " + std::string(problem);
  if (const char* problem = ReapAll(scene.cache)) return problem;
  return "";
}

// Returns the number of points.
int SweepOperation(const Operation& operation) {
  const Cache cache(TemporaryDirectory::FastRoot());
  // Stays open for as long as the directory; opening it is an operation of its own.
  if (!cache.directory().clock().File(cache.directory().base()).ok()) std::abort();
  int points = 0;
  int complaints = 0;
  for (const int code : kFaults) {
    Point point{0, code, ""};
    do {
      point = Point{point.nth + 1, code, ""};
      const std::string problem = TryPoint(operation, cache, point);
      if (point.fired()) points++;
      if (problem.empty() || ++complaints > kMostComplaints) continue;
      Fail(__FILE__, __LINE__,
           std::string(operation.name) + ", call " + std::to_string(point.nth) + " (" + point.call + ": " +
               (code == kDeath ? "the process" : std::strerror(code)) + "): " + problem);
    } while (point.fired() && point.nth < kMostCalls);
    if (point.nth == kMostCalls) Fail(__FILE__, __LINE__, std::string(operation.name) + " does not come to an end");
  }
  if (complaints > kMostComplaints) std::printf("%s: %d complaints in all\n", operation.name, complaints);
  if (points == 0) Fail(__FILE__, __LINE__, std::string(operation.name) + " has no point to fail at");
  return points;
}

}  // namespace

void Claim(Scene& scene) {
  auto claimed = scene.cache.Claim("a");
  if (scene.Note(claimed)) scene.writer.emplace(std::move(claimed.value()));
}

void ClaimAndWrite(Scene& scene) {
  Claim(scene);
  scene.Expect(scene.writer->Write(Bytes("new")).ok(), "cannot be prepared");
}

void CommitWhatIsWritten(Scene& scene) {
  scene.Expect(scene.writer->Commit().ok(), "cannot be committed any more");
}

void LeaveDeadWriter(Scene& scene) {
  scene.cache.LeaveDeadWriter("a", "half");
}

void Sweep(const char* what, std::initializer_list<Operation> operations) {
  int points = 0;
  for (const Operation& operation : operations) points += SweepOperation(operation);
  std::printf("%d faults in %zu operations: %s\n", points, operations.size(), what);
}

}  // namespace testing
