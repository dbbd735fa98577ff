#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sluice/base/result.h"

namespace sluice::delta {

struct RoaringExtent {
  size_t bytes = 0;         ///< how long the bitmap is
  int64_t cardinality = 0;  ///< how many values it holds
};

/// Walks the serialized 32-bit Roaring bitmap (https://github.com/RoaringBitmap/RoaringFormatSpec) that
/// `bytes` begin with, and checks what the library takes on trust: every container lies within the
/// bytes, keys and values ascend, runs stay in range, bit counts are as announced. Only bytes that pass
/// may be given to the library. kCorrupt otherwise.
Result<RoaringExtent> CheckRoaring(std::span<const uint8_t> bytes);

}  // namespace sluice::delta
