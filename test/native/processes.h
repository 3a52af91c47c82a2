// Other processes: forked from the test, and gone with it.
//
// Fork only while no other thread runs; a child calls the kernel and the engine, and starts no threads.

#pragma once

#include <sys/types.h>

#include <functional>

namespace testing {

// A process that has done `body`, and then waits to be killed.
class Child {
 public:
  explicit Child(const std::function<void()>& body);
  ~Child() { Kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // kill -9, and waits until it is gone.
  void Kill();

 private:
  pid_t pid_ = -1;
};

// Starts a process, and returns the result of `body` in it.
class Worker {
 public:
  explicit Worker(const std::function<bool()>& body);
  ~Worker() { (void)Wait(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool Wait();

 private:
  pid_t pid_ = -1;
  bool answer_ = false;
};

// Runs as a user that owns nothing here.  REQUIRES: IsRoot()
bool RunAsStranger(const std::function<bool()>& body);
bool IsRoot();

}  // namespace testing
