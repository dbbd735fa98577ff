#include "sluice/testing/few_threads.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <limits>

namespace {

constexpr int kAny = std::numeric_limits<int>::max();
std::atomic<int> threads_left{kAny};

bool MayStart() {
  int left = threads_left;
  while (left != kAny) {
    if (left == 0) return false;
    if (threads_left.compare_exchange_weak(left, left - 1)) return true;
  }
  return true;
}

}  // namespace

/// In place of the C library's.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*work)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return MayStart() ? real(thread, attributes, work, argument) : EAGAIN;
}

namespace sluice::testing {

FewThreads::FewThreads(int threads) { threads_left = threads; }
FewThreads::~FewThreads() { threads_left = kAny; }

}  // namespace sluice::testing
