// Bugs for the sanitizers to find, so that a set-up that finds nothing is known to look.  An addon that, when it is
// loaded, commits the one that the environment's PLANTED_BUG names.

#include <climits>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace {

// Volatile, so that no compiler sees what comes.
volatile int one = 1;

void Overflow() {
  volatile char* bytes = new char[8];
  bytes[8 * one] = 1;
}

void UseAfterFree() {
  volatile char* bytes = new char[8];
  delete[] bytes;
  bytes[0] = 1;
}

void SignedOverflow() {
  volatile int most = INT_MAX;
  most = most + one;
}

void Leak() {
  volatile char* bytes = new char[1234];
  bytes[0] = 1;
}

void Race() {
  static int counter = 0;
  const auto count = [] {
    for (int i = 0; i < 100'000; ++i) counter += one;
  };
  std::thread other(count);
  count();
  other.join();
}

}  // namespace

// The function that Node calls to initialize an addon; declared by hand, since no more of its headers is needed.
extern "C" [[gnu::visibility("default")]] void* napi_register_module_v1(void* /*env*/, void* exports) {
  const char* name = std::getenv("PLANTED_BUG");
  const std::string_view bug = name == nullptr ? "" : name;
  if (bug == "overflow") Overflow();
  if (bug == "use-after-free") UseAfterFree();
  if (bug == "signed-overflow") SignedOverflow();
  if (bug == "leak") Leak();
  if (bug == "race") Race();
  return exports;
}
