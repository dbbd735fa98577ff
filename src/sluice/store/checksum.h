#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sluice::store {

/// CRC-64/NVME, the full-object checksum that S3 computes and compares as x-amz-checksum-crc64nvme
/// (reflected, polynomial 0xAD93D23594C93659, all ones in and out). Streaming; value type.
class Crc64Nvme {
 public:
  void Update(std::span<const uint8_t> bytes);
  /// Takes in `length` bytes of which only the CRC is known: a part that the server copied.
  void Combine(uint64_t crc, int64_t length);
  uint64_t value() const { return ~state_; }
  /// "crc64nvme:<16 lower-case hex digits>", the form used in manifests and commit records.
  std::string ToString() const { return ToString(value()); }
  static std::string ToString(uint64_t crc);

 private:
  uint64_t state_ = ~uint64_t{0};
};

}  // namespace sluice::store
