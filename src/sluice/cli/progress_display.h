#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/transfer/progress.h"

namespace sluice::cli {

/// One line on stderr that shows rows, bytes, rate and time left while tables run; only where stderr is a
/// terminal, else it does nothing. Clears its line when destroyed. Thread-safe.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(bool enabled);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// The counters of one table; lives as long as the display.
  transfer::Progress* Add(const std::string& name);

  /// Clears the line, calls `print`, which writes to the terminal, and continues below what it wrote.
  void Interrupt(const std::function<void()>& print);

 private:
  struct Item {
    std::string name;
    transfer::Progress progress;
  };
  void Draw() SLUICE_REQUIRES(mutex_);

  const bool enabled_;
  Mutex mutex_;
  CondVar wake_;
  std::vector<std::unique_ptr<Item>> items_ SLUICE_GUARDED_BY(mutex_);
  bool stop_ SLUICE_GUARDED_BY(mutex_) = false;
  int64_t began_micros_ = 0;
  std::thread thread_;
};

}  // namespace sluice::cli
