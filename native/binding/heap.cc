#include "binding/heap.h"

#include <cstdlib>

namespace xattr_cache::binding {

void KeepFreedMemory() {
#ifdef __GLIBC__
  // Just below the largest that moves the thresholds (malloc/malloc.c, DEFAULT_MMAP_THRESHOLD_MAX). Never touched, so
  // it costs no memory.  Volatile, lest the compiler leave out the pair.
  constexpr size_t kLarge = 32 * 1024 * 1024 - 8 * 1024;
  void* volatile large = std::malloc(kLarge);
  std::free(large);
#endif
}

}  // namespace xattr_cache::binding
