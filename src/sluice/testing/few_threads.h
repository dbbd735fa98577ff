#pragma once

namespace sluice::testing {

/// While one lives, this program may start so many more threads; beyond them the system refuses.
class FewThreads {
 public:
  explicit FewThreads(int threads);
  ~FewThreads();
  FewThreads(const FewThreads&) = delete;
  FewThreads& operator=(const FewThreads&) = delete;
};

}  // namespace sluice::testing
