#include "sluice/delta/read/roaring_format.h"

#include <bit>
#include <vector>

namespace sluice::delta {
namespace {

constexpr uint32_t kCookieWithRuns = 12347;
constexpr uint32_t kCookieNoRuns = 12346;
constexpr size_t kMaxContainers = 65536;
constexpr size_t kOffsetsFrom = 4;  // with runs, smaller bitmaps have no table of offsets
constexpr uint32_t kMaxArrayValues = 4096;
constexpr size_t kBitsetBytes = 8192;

// Takes little-endian numbers from the front of a span; every read is checked.
class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  size_t position() const { return position_; }

  Result<std::span<const uint8_t>> Take(size_t count) {
    if (count > bytes_.size() - position_) {
      return Fail(ErrorKind::kCorrupt, "bitmap ends after {} bytes", bytes_.size());
    }
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }
  Result<uint32_t> TakeU16() {
    SLUICE_ASSIGN_OR_RETURN(const auto b, Take(2));
    return static_cast<uint32_t>(b[0] | b[1] << 8);
  }
  Result<uint32_t> TakeU32() {
    SLUICE_ASSIGN_OR_RETURN(const uint32_t low, TakeU16());
    SLUICE_ASSIGN_OR_RETURN(const uint32_t high, TakeU16());
    return low | high << 16;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
};

struct Container {
  uint32_t cardinality = 0;
  bool is_run = false;
};

Result<std::vector<Container>> ReadHeader(Cursor& cursor) {
  SLUICE_ASSIGN_OR_RETURN(const uint32_t cookie, cursor.TakeU32());
  const bool with_runs = (cookie & 0xFFFF) == kCookieWithRuns;
  size_t count = (cookie >> 16) + 1;
  std::span<const uint8_t> run_flags;
  if (with_runs) {
    SLUICE_ASSIGN_OR_RETURN(run_flags, cursor.Take((count + 7) / 8));
  } else if (cookie == kCookieNoRuns) {
    SLUICE_ASSIGN_OR_RETURN(count, cursor.TakeU32());
  } else {
    return Fail(ErrorKind::kCorrupt, "unknown kind of bitmap {:#x}", cookie);
  }
  if (count > kMaxContainers) return Fail(ErrorKind::kCorrupt, "{} containers", count);
  std::vector<Container> containers(count);
  int64_t last_key = -1;
  for (size_t i = 0; i < count; ++i) {
    SLUICE_ASSIGN_OR_RETURN(const uint32_t key, cursor.TakeU16());
    SLUICE_ASSIGN_OR_RETURN(const uint32_t cardinality, cursor.TakeU16());
    if (int64_t{key} <= last_key) return Fail(ErrorKind::kCorrupt, "containers out of order");
    last_key = key;
    containers[i].cardinality = cardinality + 1;
    containers[i].is_run = with_runs && (run_flags[i / 8] >> (i % 8) & 1) != 0;
  }
  if (!with_runs || count >= kOffsetsFrom) SLUICE_RETURN_IF_ERROR(cursor.Take(count * 4));
  return containers;
}

Result<int64_t> CheckRuns(Cursor& cursor) {
  SLUICE_ASSIGN_OR_RETURN(const uint32_t runs, cursor.TakeU16());
  if (runs == 0) return Fail(ErrorKind::kCorrupt, "a container without runs");
  int64_t last = -1, cardinality = 0;
  for (uint32_t i = 0; i < runs; ++i) {
    SLUICE_ASSIGN_OR_RETURN(const uint32_t start, cursor.TakeU16());
    SLUICE_ASSIGN_OR_RETURN(const uint32_t more, cursor.TakeU16());
    if (int64_t{start} <= last || start + more > 0xFFFF) {
      return Fail(ErrorKind::kCorrupt, "runs out of order");
    }
    last = start + more;
    cardinality += more + 1;
  }
  return cardinality;
}

Status CheckArray(Cursor& cursor, uint32_t cardinality) {
  int64_t last = -1;
  for (uint32_t i = 0; i < cardinality; ++i) {
    SLUICE_ASSIGN_OR_RETURN(const uint32_t value, cursor.TakeU16());
    if (int64_t{value} <= last) return Fail(ErrorKind::kCorrupt, "values out of order");
    last = value;
  }
  return {};
}

Status CheckBitset(Cursor& cursor, uint32_t cardinality) {
  SLUICE_ASSIGN_OR_RETURN(const auto words, cursor.Take(kBitsetBytes));
  uint32_t bits = 0;
  for (const uint8_t byte : words) bits += static_cast<uint32_t>(std::popcount(byte));
  if (bits == cardinality) return {};
  return Fail(ErrorKind::kCorrupt, "{} bits set where {} are announced", bits, cardinality);
}

}  // namespace

Result<RoaringExtent> CheckRoaring(std::span<const uint8_t> bytes) {
  Cursor cursor(bytes);
  SLUICE_ASSIGN_OR_RETURN(const auto containers, ReadHeader(cursor));
  RoaringExtent extent;
  for (const Container& container : containers) {
    if (container.is_run) {
      SLUICE_ASSIGN_OR_RETURN(const int64_t cardinality, CheckRuns(cursor));
      extent.cardinality += cardinality;
      continue;
    }
    SLUICE_RETURN_IF_ERROR(container.cardinality <= kMaxArrayValues
                               ? CheckArray(cursor, container.cardinality)
                               : CheckBitset(cursor, container.cardinality));
    extent.cardinality += container.cardinality;
  }
  extent.bytes = cursor.position();
  return extent;
}

}  // namespace sluice::delta
