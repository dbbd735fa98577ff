#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace sluice::simulation {

/// Runs functions by turns in one thread: each goes on where it yielded, when it is told to. What a
/// function does between two yields happens at once for all others. Used by one thread.
class Fibers {
 public:
  Fibers();
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  /// Returns the fiber's index; `body` begins with the first Resume and must not throw.
  size_t Start(std::function<void()> body);
  bool done(size_t fiber) const;
  /// Lets it run to its next yield, or its end.
  void Resume(size_t fiber);
  /// Called by the body of a running fiber.
  void Yield();
  /// True in the thread, and in the body, of the fiber that runs.
  bool InFiber() const;

 private:
  struct Fiber;
  static void Enter(unsigned high, unsigned low);

  std::vector<std::unique_ptr<Fiber>> fibers_;
  struct Main;
  std::unique_ptr<Main> main_;
  Fiber* running_ = nullptr;
};

}  // namespace sluice::simulation
