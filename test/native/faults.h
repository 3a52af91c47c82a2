// Stands between the engine and the kernel for as long as it lives.
//
//   const Faults full(Refuse("pwrite64", ENOSPC));
//
// For tests of one thread; one at a time.  close(2) is never refused: the kernel gives the descriptor back whatever it
// answers, so that no caller looks at the answer, while a refusal before the call would leak it.

#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace testing {

class Faults {
 public:
  // Called before each system call with its name: returns an errno to refuse it with, or 0.  Its own calls are let
  // through.
  using Answer = std::function<int(std::string_view call)>;

  explicit Faults(Answer answer);
  ~Faults();
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;
};

// Every call of this name.
Faults::Answer Refuse(std::string call, int code);
// The n-th call of this name, counted from 1.
Faults::Answer RefuseNth(std::string call, int n, int code);
// Does something just before the n-th call of this name, and refuses it if that says so.
Faults::Answer Before(std::string call, int n, std::function<int()> action);

}  // namespace testing
