#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

/// Changes a Parquet file so that it stays one: either its footer, whose length is then put right, or what lies before
/// it, where nothing moves. Without this nearly every change would end at the last eight bytes.
namespace sluice::fuzz {

inline size_t MutateParquet(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  constexpr size_t kTail = 8;  // the footer's length, and PAR1
  uint32_t length = 0;
  if (size > kTail) std::memcpy(&length, data + size - kTail, sizeof length);
  if (size <= kTail || max_size < size || length == 0 || length >= size - kTail ||
      std::memcmp(data + size - 4, "PAR1", 4) != 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const size_t begin = size - kTail - length;
  if (seed % 3 == 0) {
    std::vector<uint8_t> pages(data, data + begin);
    LLVMFuzzerMutate(pages.data(), begin, begin);
    std::memcpy(data, pages.data(), begin);
    return size;
  }
  std::vector<uint8_t> footer(max_size - begin - kTail);
  std::memcpy(footer.data(), data + begin, length);
  length = static_cast<uint32_t>(LLVMFuzzerMutate(footer.data(), length, footer.size()));
  std::memcpy(data + begin, footer.data(), length);
  std::memcpy(data + begin + length, &length, sizeof length);
  std::memcpy(data + begin + length + 4, "PAR1", 4);
  return begin + length + kTail;
}

}  // namespace sluice::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  return sluice::fuzz::MutateParquet(data, size, max_size, seed);
}
