#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sluice/store/s3/s3_client.h"

namespace sluice::store {

/// Fills `out` from byte `offset` of the object, asking again for what is missing where an answer
/// breaks off. The object must still have `etag` unless that is empty: kConflict otherwise. kCorrupt
/// where it ends before `out` is full.
Status ReadRange(const S3Client& client, const std::string& full_key, const std::string& etag,
                 int64_t offset, std::span<uint8_t> out);

}  // namespace sluice::store
