#include "processes.h"

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

// There in a build that measures coverage: what a child did counts too.
extern "C" void __gcov_dump() __attribute__((weak));

namespace testing {

namespace {

constexpr uid_t kNobody = 65534;

[[noreturn]] void Leave(bool answer) {
  if (__gcov_dump != nullptr) __gcov_dump();
  ::_exit(answer ? 0 : 1);
}

pid_t Fork() {
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();
  if (pid == 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return pid;
}

}  // namespace

Child::Child(const std::function<void()>& body) {
  int ready[2];
  if (::pipe(ready) != 0) std::abort();
  pid_ = Fork();
  if (pid_ == 0) {
    ::close(ready[0]);
    body();
    ::close(ready[1]);
    while (true) ::pause();
  }
  ::close(ready[1]);
  char byte = 0;
  (void)!::read(ready[0], &byte, 1);
  ::close(ready[0]);
}

void Child::Kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

Worker::Worker(const std::function<bool()>& body) : pid_(Fork()) {
  if (pid_ == 0) Leave(body());
}

bool Worker::Wait() {
  if (pid_ < 0) return answer_;
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  answer_ = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return answer_;
}

bool RunAsStranger(const std::function<bool()>& body) {
  Worker worker([&] {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0) return false;
    return ::setresuid(kNobody, kNobody, kNobody) == 0 && body();
  });
  return worker.Wait();
}

bool IsRoot() {
  return ::geteuid() == 0;
}

}  // namespace testing
