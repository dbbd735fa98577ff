#include "sluice/runtime/executor.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/runtime/thread.h"

namespace sluice::runtime {
namespace {

/// Libraries may throw (bad_alloc, above all); an exception must not end the process from a worker.
Status Guarded(const std::function<Status(size_t)>& work, size_t i) {
  try {
    return work(i);
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kInternal, "unexpected exception: {}", e.what());
  }
}

/// The error that ends the work; later ones are dropped. Thread-safe.
class FirstError {
 public:
  void Set(Error error) {
    const MutexLock lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  Status ToStatus() {
    const MutexLock lock(mutex_);
    return error_ ? Status(Fail(*error_)) : Status();
  }

 private:
  Mutex mutex_;
  std::optional<Error> error_ SLUICE_GUARDED_BY(mutex_);
};

thread_local int one_thread_scopes = 0;

}  // namespace

OneThread::OneThread() { ++one_thread_scopes; }
OneThread::~OneThread() { --one_thread_scopes; }
bool OneThread::Active() { return one_thread_scopes > 0; }

int DefaultParallelism() {
  if (OneThread::Active()) return 1;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Status ParallelFor(size_t count, int threads, const CancelToken& cancel,
                   const std::function<Status(size_t)>& work) {
  std::atomic<size_t> next{0};
  FirstError first;
  std::atomic<bool> stop{false};
  const auto fail = [&](Error error) {
    first.Set(std::move(error));
    stop = true;
  };
  const auto loop = [&] {
    while (!stop) {
      const size_t i = next++;
      if (i >= count) return;
      Status status = cancel.Check();
      if (status) status = Guarded(work, i);
      if (!status) return fail(std::move(status).error());
    }
  };
  const auto allowed = static_cast<size_t>(OneThread::Active() ? 1 : std::max(1, threads));
  const auto workers = std::min(count, allowed);
  if (workers <= 1) {
    loop();
  } else {
    std::vector<std::thread> pool;
    for (size_t i = 0; i < workers; ++i) {
      auto started = StartThread(loop);
      if (!started) break;
      pool.push_back(std::move(*started));
    }
    // Where the system has no more threads, fewer do the work, and at last the caller.
    if (pool.empty()) loop();
    for (auto& thread : pool) thread.join();
  }
  return first.ToStatus();
}

}  // namespace sluice::runtime
