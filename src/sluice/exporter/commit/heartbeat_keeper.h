#pragma once

#include <cstdint>
#include <thread>

#include "sluice/base/mutex.h"
#include "sluice/ledger/ledger.h"
#include "sluice/runtime/clock.h"

namespace sluice::exporter {

/// Shows other runners that export n is being worked on: a heartbeat at once and then every
/// kHeartbeatInterval until it is destroyed. A failing heartbeat is logged and nothing more, because no
/// promise rests on it. Borrows `ledger` and `wall`.
class HeartbeatKeeper {
 public:
  HeartbeatKeeper(ledger::Ledger& ledger, int64_t n, ledger::Runner runner,
                  const runtime::Clock& wall);
  ~HeartbeatKeeper();
  HeartbeatKeeper(const HeartbeatKeeper&) = delete;
  HeartbeatKeeper& operator=(const HeartbeatKeeper&) = delete;

  /// Stops working on the export: the next runner need not wait.
  void Release();

 private:
  void Beat(bool released);
  void Stop();

  ledger::Ledger& ledger_;
  const int64_t n_;
  const ledger::Runner runner_;
  const runtime::Clock& wall_;
  Mutex mutex_;
  CondVar wake_;
  bool stop_ SLUICE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sluice::exporter
