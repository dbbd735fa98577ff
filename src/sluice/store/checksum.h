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
  uint64_t value() const { return ~state_; }
  /// "crc64nvme:<16 lower-case hex digits>", the form used in manifests and commit records.
  std::string ToString() const;

 private:
  uint64_t state_ = ~uint64_t{0};
};

}  // namespace sluice::store
