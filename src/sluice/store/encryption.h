#pragma once

#include <optional>
#include <string>

namespace sluice::store {

/// How new objects are encrypted by the server; kNone leaves it to the bucket.
struct ServerEncryption {
  enum class Type { kNone, kSseS3, kSseKms };
  Type type = Type::kNone;
  std::optional<std::string> kms_key_id;
};

}  // namespace sluice::store
