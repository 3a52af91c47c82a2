#pragma once

namespace xattr_cache::binding {

// Makes glibc keep up to 64 MiB of freed memory, and not return it to the kernel immediately.
//
// The garbage collector frees buffers by the dozen.  Free memory at the top of the heap beyond a threshold, at first
// 128 KiB, returns to the kernel.  Each page of the next buffers is then faulted in and zeroed again, which takes
// several times as long as reading an image into them.  Freeing a large block once raises the threshold for the
// process, unless it was set with mallopt(3) or MALLOC_TRIM_THRESHOLD_.
void KeepFreedMemory();

}  // namespace xattr_cache::binding
