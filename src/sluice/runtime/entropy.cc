#include "sluice/runtime/entropy.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <random>

#include "sluice/base/mutex.h"

namespace sluice::runtime {
namespace {

class KernelEntropy : public Entropy {
 public:
  uint64_t Next() override {
    uint64_t value = 0;
    // Eight bytes never come short once the pool is ready; before that the call waits.
    while (getrandom(&value, sizeof value, 0) != sizeof value) {
    }
    return value;
  }
};

class Seeded : public Entropy {
 public:
  explicit Seeded(uint64_t seed) : engine_(seed) {}
  uint64_t Next() override {
    const MutexLock lock(mutex_);
    return engine_();
  }

 private:
  Mutex mutex_;
  std::mt19937_64 engine_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<Entropy> SystemEntropy() { return std::make_shared<KernelEntropy>(); }
std::shared_ptr<Entropy> SeededEntropy(uint64_t seed) { return std::make_shared<Seeded>(seed); }

std::string RandomHex16(Entropy& entropy) { return fmt::format("{:016x}", entropy.Next()); }

std::string RandomUuid(Entropy& entropy) {
  const uint64_t high = (entropy.Next() & ~uint64_t{0xf000}) | 0x4000;
  const uint64_t low = (entropy.Next() & (~uint64_t{0} >> 2)) | (uint64_t{1} << 63);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffff'ffff'ffff);
}

}  // namespace sluice::runtime
