#include "sluice/runtime/thread.h"

#include <system_error>
#include <utility>

namespace sluice::runtime {

Result<std::thread> StartThread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& e) {
    return Fail(Error{ErrorKind::kStorage, fmt::format("starting a thread failed: {}", e.what()),
                      "raise the limit of processes and threads (ulimit -u)"});
  }
}

}  // namespace sluice::runtime
