#pragma once

/// Which mutex guards what, as clang's -Wthread-safety checks it (`tools/lint threads`). Empty for other
/// compilers. Use them with Mutex and MutexLock: clang does not know the standard library's.

#if defined(__clang__)
#define SLUICE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define SLUICE_THREAD_ANNOTATION(x)
#endif

/// A member that is read and written only with `mutex` held.
#define SLUICE_GUARDED_BY(mutex) SLUICE_THREAD_ANNOTATION(guarded_by(mutex))
/// A function that is called only with the mutex held. It may release the mutex if it locks it again.
#define SLUICE_REQUIRES(...) SLUICE_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
/// A function that locks the mutex itself, so that a caller must not hold it.
#define SLUICE_EXCLUDES(...) SLUICE_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

/// For base/mutex.h.
#define SLUICE_CAPABILITY(name) SLUICE_THREAD_ANNOTATION(capability(name))
#define SLUICE_SCOPED_CAPABILITY SLUICE_THREAD_ANNOTATION(scoped_lockable)
#define SLUICE_ACQUIRE(...) SLUICE_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define SLUICE_RELEASE(...) SLUICE_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define SLUICE_NOT_ANALYZED SLUICE_THREAD_ANNOTATION(no_thread_safety_analysis)
