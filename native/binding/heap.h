#pragma once

namespace xattr_cache::binding {

// Makes glibc keep what is freed, up to 64 MiB, instead of giving it back to the kernel at once.
//
// The garbage collector frees buffers by the dozen. Whatever then lies free at the top of the heap beyond a threshold
// of at first 128 KiB goes back to the kernel, and each page of the next buffers is faulted in and zeroed again, which
// takes several times as long as reading an image into them.  Freeing something large once raises the threshold for the
// process, as any program does that frees a large buffer; not if it was set with mallopt(3) or MALLOC_TRIM_THRESHOLD_.
void KeepFreedMemory();

}  // namespace xattr_cache::binding
