// Runs all tests, or those whose file or name contains the first argument.

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "files.h"
#include "harness.h"

namespace testing {

namespace {

std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

bool failed = false;
bool skipped = false;
std::string label;

// The slowest test takes half a minute under a sanitizer on a busy machine.
constexpr unsigned kLongestTestSeconds = 300;

// Names the running test if it hangs or aborts, for example by value() of a failed result: the message alone does not.
void SayWhere(int signal) {
  std::printf("%s %s\n", signal == SIGALRM ? "HUNG   " : "CRASHED", label.c_str());
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

const char* BaseName(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

int RunTests(std::string_view wanted) {
  int passed_count = 0;
  int failed_count = 0;
  int skipped_count = 0;
  for (const Test& test : Tests()) {
    label = std::string(BaseName(test.file)) + ": " + test.name;
    if (label.find(wanted) == std::string::npos) continue;
    failed = false;
    skipped = false;
    ::alarm(kLongestTestSeconds);
    test.body();
    if (failed) std::printf("FAILED  %s\n", label.c_str());
    if (skipped && !failed) std::printf("skipped %s\n", label.c_str());
    (failed ? failed_count : skipped ? skipped_count : passed_count)++;
  }
  std::printf("%d passed, %d failed", passed_count, failed_count);
  if (skipped_count > 0) std::printf(", %d skipped", skipped_count);
  std::printf("\n");
  // Where everything that the tests need is known to be there, a skip is a test that silently stopped testing.
  if (skipped_count > 0 && std::getenv("XATTR_CACHE_NO_SKIPS") != nullptr) return 1;
  return failed_count > 0 || passed_count + skipped_count == 0 ? 1 : 0;
}

}  // namespace

bool Register(const Test& test) {
  Tests().push_back(test);
  return true;
}

void Fail(const char* file, int line, const std::string& what) {
  std::printf("%s:%d: %s\n", BaseName(file), line, what.c_str());
  std::fflush(stdout);
  failed = true;
}

void Skip(const std::string& reason) {
  std::printf("%s\n", reason.c_str());
  skipped = true;
}

std::string Describe(const xattr_cache::SysError& error) {
  return std::string(error.syscall) + ": " + std::strerror(error.code);
}

}  // namespace testing

int main(int argc, char** argv) {
  ::umask(022);
  // A crash must not swallow what was printed before it, nor a forked child print it again.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string root = testing::TemporaryDirectory::Root();
  if (!testing::TemporaryDirectory::CanHoldAttributes(root)) {
    std::printf("No user attributes below %s: set TMPDIR to a directory on another file system.\n", root.c_str());
    return 1;
  }
  std::signal(SIGABRT, testing::SayWhere);
  std::signal(SIGALRM, testing::SayWhere);
  return testing::RunTests(argc > 1 ? argv[1] : "");
}
