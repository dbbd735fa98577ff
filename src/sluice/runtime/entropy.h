#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::runtime {

/// Where random ids come from; handed in so that a simulation can replay. Thread-safe.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual uint64_t Next() = 0;
};

/// getrandom(2).
std::shared_ptr<Entropy> SystemEntropy();
/// A fixed sequence from `seed`.
std::shared_ptr<Entropy> SeededEntropy(uint64_t seed);

std::string RandomHex16(Entropy& entropy);  ///< 16 lower-case hex digits
std::string RandomUuid(Entropy& entropy);   ///< RFC 4122 version 4, lower case

}  // namespace sluice::runtime
