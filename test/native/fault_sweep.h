// Fails every system call of an operation, one at a time, with each of ten errnos, and checks the state that is left
// each time; then kills a process at every call.
//
// After every point: no crash, no descriptor leaked, no lock kept, the image "a" as it was before or as it is after the
// operation and never partial, cacheable again immediately, and nothing in incomplete/ or invalid/ that cannot be
// reaped.

#pragma once

#include <cerrno>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "cache_fixture.h"
#include "core/image_writer.h"
#include "posix/result.h"

namespace testing {

// The objects that one point works on.
struct Scene {
  const Cache& cache;
  std::optional<xattr_cache::ImageWriter> writer = std::nullopt;
  std::optional<xattr_cache::SysError> error = std::nullopt;  // of the operation; nothing if it succeeded
  std::string answer = {};                                    // what it answered
  std::string complaint = {};                                 // what its own checks found wrong
  bool excused = false;                                       // see Operation

  // Notes how the operation went.  Returns whether it succeeded.
  template <typename T>
  bool Note(const xattr_cache::Result<T>& result) {
    if (!result.ok()) error = result.error();
    return result.ok();
  }
  void Expect(bool condition, const char* what) {
    if (!condition) complaint = what;
  }
};

// Errnos after which a file is passed over; a token that may not be opened is taken for a foreign writer's.
inline const std::vector<int> kGone = {ENOENT, ESTALE};
inline const std::vector<int> kGoneOrForeign = {ENOENT, ESTALE, EACCES};

struct Operation {
  const char* name = nullptr;
  // The bytes of the image "a"; nothing: there is none.
  std::optional<std::string> before = std::nullopt;
  std::optional<std::string> after = std::nullopt;

  std::function<void(Scene&)> prepare = nullptr;
  std::function<void(Scene&)> run = nullptr;     // the part whose calls fail
  std::function<void(Scene&)> finish = nullptr;  // looks at what came of it, and lets go of everything

  // The result that success must return; empty: anything.
  std::string answer = {};
  // A call that this file system does not know at all.
  const char* unknown_call = "";
  // Errnos with which success may have seen or done less, because something seemed not to be there, or not to be ours.
  std::vector<int> excused = {};
};

// Steps that several operations take.
void Claim(Scene& scene);
void ClaimAndWrite(Scene& scene);  // The writer of "a" has "new" in its file.
void CommitWhatIsWritten(Scene& scene);
void LeaveDeadWriter(Scene& scene);  // of "a"

// Sweeps all, and prints the number of points.  Fails if an operation had none.
void Sweep(const char* what, std::initializer_list<Operation> operations);

}  // namespace testing
