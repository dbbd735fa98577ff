#pragma once

#include <functional>
#include <thread>

#include "sluice/base/result.h"

namespace sluice::runtime {

/// A thread that runs `work`, which must not throw. kStorage where the system has no room for another one: do
/// the work in the calling thread then, or without it.
Result<std::thread> StartThread(std::function<void()> work);

}  // namespace sluice::runtime
