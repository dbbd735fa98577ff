#include "sluice/runtime/executor.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

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
  std::mutex mutex;
  std::optional<Error> first;  // guarded by mutex
  std::atomic<bool> stop{false};
  const auto fail = [&](Error error) {
    const std::lock_guard lock(mutex);
    if (!first) first = std::move(error);
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
    for (size_t i = 0; i < workers; ++i) pool.emplace_back(loop);
    for (auto& thread : pool) thread.join();
  }
  if (first) return Fail(std::move(*first));
  return {};
}

}  // namespace sluice::runtime
