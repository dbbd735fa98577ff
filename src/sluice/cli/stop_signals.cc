#include "sluice/cli/stop_signals.h"

#include <csignal>

namespace sluice::cli {
namespace {

// A handler may touch nothing but lock-free atomics: the token is one behind a pointer that never changes.
const runtime::CancelToken* token_to_cancel = nullptr;

void Stop(int signal) { token_to_cancel->Cancel(signal); }

}  // namespace

void StopOnSignals(const runtime::CancelToken& token) {
  static const runtime::CancelToken kept = token;
  token_to_cancel = &kept;
  struct sigaction stop = {};
  stop.sa_handler = Stop;
  sigemptyset(&stop.sa_mask);
  // The default action applies again once the handler has begun: a second signal ends the process.
  stop.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &stop, nullptr);
  sigaction(SIGTERM, &stop, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace sluice::cli
