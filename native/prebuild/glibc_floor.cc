// What lets a prebuilt addon run wherever Node does, on glibc 2.28 with a libstdc++ that has GLIBCXX_3.4.21, although
// it was compiled with newer ones.  Four symbols that it would need of those it finds here instead; the package tests
// look at what it needs in the end.
//
// libstdc++ is not linked statically instead: that brings along more such symbols, and Node needs the library anyway.

#if defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__)

#include <pthread.h>

#include <memory>

// Since 2.34 these are in libc itself, under a new version; the old one is still there.
#if defined(__x86_64__)
#define XATTR_CACHE_OLD_VERSION "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define XATTR_CACHE_OLD_VERSION "GLIBC_2.17"
#endif

extern "C" {

int OldPthreadCreate(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument);
int OldPthreadJoin(pthread_t thread, void** result);
__asm__(".symver OldPthreadCreate, pthread_create@" XATTR_CACHE_OLD_VERSION);
__asm__(".symver OldPthreadJoin, pthread_join@" XATTR_CACHE_OLD_VERSION);

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  return OldPthreadCreate(thread, attributes, start, argument);
}

int pthread_join(pthread_t thread, void** result) {
  return OldPthreadJoin(thread, result);
}

// Whether shared_ptr may count without atomics.  Node always has threads.
char __libc_single_threaded = 0;
}

// make_shared refers to it where there is no RTTI, but only code compiled with a libstdc++ before 9 calls what does.
bool std::_Sp_make_shared_tag::_S_eq(const std::type_info&) noexcept {
  return false;
}

#endif
