#include "sluice/exporter/commit/heartbeat_keeper.h"

#include <chrono>
#include <utility>

#include "sluice/runtime/executor.h"
#include "sluice/runtime/log.h"
#include "sluice/runtime/thread.h"

namespace sluice::exporter {

HeartbeatKeeper::HeartbeatKeeper(ledger::Ledger& ledger, int64_t n, ledger::Runner runner,
                                 const runtime::Clock& wall)
    : ledger_(ledger), n_(n), runner_(std::move(runner)), wall_(wall) {
  Beat(/*released=*/false);
  // Where time stands still between two steps, there is nothing to wait for.
  if (runtime::OneThread::Active()) return;
  auto started = runtime::StartThread([this] {
    const MutexLock lock(mutex_);
    const auto interval = std::chrono::microseconds(ledger::kHeartbeatInterval.micros);
    while (true) {
      const auto next = std::chrono::steady_clock::now() + interval;
      while (!stop_ && std::chrono::steady_clock::now() < next) wake_.WaitUntil(mutex_, next);
      if (stop_) return;
      const MutexUnlock unlock(mutex_);
      Beat(/*released=*/false);
    }
  });
  // Without heartbeats another runner may adopt the export: that costs work, and no promise rests on it.
  if (!started) {
    spdlog::debug("heartbeat of export {}: {}", n_, started.error().message);
    return;
  }
  thread_ = std::move(*started);
}

HeartbeatKeeper::~HeartbeatKeeper() { Stop(); }

void HeartbeatKeeper::Release() {
  Stop();
  Beat(/*released=*/true);
}

void HeartbeatKeeper::Beat(bool released) {
  const auto put = ledger_.PutHeartbeat(n_, ledger::Heartbeat{runner_, wall_.Now(), released});
  if (!put) spdlog::debug("heartbeat of export {}: {}", n_, put.error().message);
}

void HeartbeatKeeper::Stop() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

}  // namespace sluice::exporter
