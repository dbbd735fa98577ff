#include "sluice/simulation/fibers.h"

#include <ucontext.h>

#include <cstdint>
#include <thread>
#include <utility>

namespace sluice::simulation {
namespace {

constexpr size_t kStackBytes = size_t{1} << 20;

/// Stacks are used again: a new one would be paged in for each fiber.
std::vector<std::unique_ptr<char[]>>& FreeStacks() {
  thread_local std::vector<std::unique_ptr<char[]>> stacks;
  return stacks;
}

std::unique_ptr<char[]> TakeStack() {
  auto& stacks = FreeStacks();
  if (stacks.empty()) return std::unique_ptr<char[]>(new char[kStackBytes]);
  auto stack = std::move(stacks.back());
  stacks.pop_back();
  return stack;
}

}  // namespace

struct Fibers::Fiber {
  std::function<void()> body;
  std::unique_ptr<char[]> stack;
  ucontext_t context = {};
  bool done = false;
};

struct Fibers::Main {
  ucontext_t context = {};
  std::thread::id thread = std::this_thread::get_id();
};

Fibers::Fibers() : main_(std::make_unique<Main>()) {}

Fibers::~Fibers() {
  for (auto& fiber : fibers_) FreeStacks().push_back(std::move(fiber->stack));
}

void Fibers::Enter(unsigned high, unsigned low) {
  auto* fibers = reinterpret_cast<Fibers*>((uintptr_t{high} << 32) | uintptr_t{low});
  Fiber* self = fibers->running_;
  self->body();
  self->done = true;
  fibers->running_ = nullptr;
  swapcontext(&self->context, &fibers->main_->context);
}

size_t Fibers::Start(std::function<void()> body) {
  auto fiber = std::make_unique<Fiber>();
  fiber->body = std::move(body);
  fiber->stack = TakeStack();
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack.get();
  fiber->context.uc_stack.ss_size = kStackBytes;
  fiber->context.uc_link = nullptr;
  const auto self = reinterpret_cast<uintptr_t>(this);
  makecontext(&fiber->context, reinterpret_cast<void (*)()>(&Fibers::Enter), 2,
              static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
  fibers_.push_back(std::move(fiber));
  return fibers_.size() - 1;
}

bool Fibers::done(size_t fiber) const { return fibers_[fiber]->done; }

void Fibers::Resume(size_t fiber) {
  running_ = fibers_[fiber].get();
  swapcontext(&main_->context, &running_->context);
}

void Fibers::Yield() {
  Fiber* self = std::exchange(running_, nullptr);
  swapcontext(&self->context, &main_->context);
  running_ = self;
}

bool Fibers::InFiber() const {
  return running_ != nullptr && std::this_thread::get_id() == main_->thread;
}

}  // namespace sluice::simulation
