#include "sluice/cli/progress_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "sluice/cli/output.h"
#include "sluice/cli/terminal.h"
#include "sluice/runtime/thread.h"

namespace sluice::cli {
namespace {

int64_t SteadyMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

constexpr int kBarWidth = 24;

/// "12 s", "3:20 min": a guess needs no fractions.
std::string TimeLeft(double seconds) {
  const auto whole = std::llround(seconds);
  return whole < 60 ? fmt::format("{} s", whole)
                    : fmt::format("{}:{:02} min", whole / 60, whole % 60);
}

std::string Bar(double share) {
  const int full = std::clamp(static_cast<int>(share * kBarWidth), 0, kBarWidth);
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) bar += i < full ? "█" : "░";
  return bar;
}

}  // namespace

ProgressDisplay::ProgressDisplay(bool enabled)
    : enabled_(enabled && isatty(STDERR_FILENO) != 0), began_micros_(SteadyMicros()) {
  if (!enabled_) return;
  auto started = runtime::StartThread([this] {
    const MutexLock lock(mutex_);
    while (true) {
      const auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
      while (!stop_ && std::chrono::steady_clock::now() < next) wake_.WaitUntil(mutex_, next);
      if (stop_) return;
      Draw();
    }
  });
  if (started) thread_ = std::move(*started);
}

ProgressDisplay::~ProgressDisplay() {
  if (!enabled_) return;
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
  std::fputs("\r\x1b[K", stderr);
}

transfer::Progress* ProgressDisplay::Add(const std::string& name) {
  const MutexLock lock(mutex_);
  items_.push_back(std::make_unique<Item>());
  items_.back()->name = name;
  return &items_.back()->progress;
}

void ProgressDisplay::Interrupt(const std::function<void()>& print) {
  const MutexLock lock(mutex_);
  if (enabled_) std::fputs("\r\x1b[K", stderr);
  print();
  std::fflush(stdout);
}

void ProgressDisplay::Draw() {
  int64_t read = 0, expected = 0, exported = 0, bytes = 0;
  std::string name;
  for (const auto& item : items_) {
    read += item->progress.rows_read;
    expected += item->progress.rows_expected;
    exported += item->progress.rows_exported;
    bytes += item->progress.bytes_written;
    if (item->progress.rows_read < item->progress.rows_expected) name = item->name;
  }
  if (expected == 0) return;
  const double seconds = static_cast<double>(SteadyMicros() - began_micros_) / 1e6;
  const double share = std::min(1.0, static_cast<double>(read) / static_cast<double>(expected));
  const double rate = seconds > 0 ? static_cast<double>(read) / seconds : 0;
  const double left =
      rate > 0 ? static_cast<double>(std::max<int64_t>(0, expected - read)) / rate : 0;
  const std::string numbers =
      fmt::format("{:3.0f}%  {} rows  {}  {} rows/s  {} left", share * 100, HumanCount(exported),
                  HumanBytes(bytes), HumanCount(static_cast<int64_t>(rate)), TimeLeft(left));
  // A line that wraps can't be cleared: the name goes first, then the bar.
  const size_t columns = ErrorColumns();
  std::string line = numbers;
  if (numbers.size() + kBarWidth + 1 < columns) line = Bar(share) + " " + line;
  if (numbers.size() + kBarWidth + 3 + name.size() < columns) line += "  " + name;
  if (numbers.size() >= columns) line = numbers.substr(0, columns - 1);
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
}

}  // namespace sluice::cli
