#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/result.h"

/// Values of VARIANT as files hold them (parquet-format, VariantEncoding.md): reading. All views are into the bytes
/// that were parsed. Errors are kCorrupt and say what is wrong; the caller names file and column.
namespace sluice::columnar {

/// Of arrays and objects within each other; JSON parsers of those who write variants stop there, too.
inline constexpr size_t kMostVariantDepth = 1000;
/// Of one variant, as in Spark.
inline constexpr size_t kMostVariantBytes = size_t{128} << 20;

/// The two lowest bits of a value's first byte.
enum class VariantBasic : uint8_t { kPrimitive = 0, kShortString = 1, kObject = 2, kArray = 3 };

/// The other six bits, of a primitive.
enum class VariantPrimitive : uint8_t {
  kNull = 0,
  kTrue = 1,
  kFalse = 2,
  kInt8 = 3,
  kInt16 = 4,
  kInt32 = 5,
  kInt64 = 6,
  kDouble = 7,
  kDecimal4 = 8,
  kDecimal8 = 9,
  kDecimal16 = 10,
  kDate = 11,
  kTimestamp = 12,
  kTimestampNtz = 13,
  kFloat = 14,
  kBinary = 15,
  kString = 16,
  kTime = 17,
  kTimestampNanos = 18,
  kTimestampNtzNanos = 19,
  kUuid = 20,
};

/// The names of a variant's fields, by number. Value type.
class VariantDictionary {
 public:
  static Result<VariantDictionary> Parse(std::string_view metadata);
  uint32_t size() const { return size_; }
  Result<std::string_view> Name(uint32_t id) const;

 private:
  std::string_view metadata_;
  size_t width_ = 1;  // of each number
  uint32_t size_ = 0;
};

/// The parts of an object or array. Value type.
class VariantParts {
 public:
  /// REQUIRES: `value` is not empty and begins an object or an array.
  static Result<VariantParts> Parse(std::string_view value);
  bool is_object() const { return id_width_ > 0; }
  uint32_t size() const { return size_; }
  /// The number of field i's name. REQUIRES: is_object(), i < size().
  uint32_t NameId(uint32_t i) const;
  /// From where part i begins; it may be shorter. REQUIRES: i < size().
  Result<std::string_view> Part(uint32_t i) const;

 private:
  std::string_view ids_, offsets_, parts_;
  size_t id_width_ = 0, offset_width_ = 1;
  uint32_t size_ = 0;
};

/// What the first byte says. REQUIRES: `value` is not empty.
VariantBasic BasicTypeOf(std::string_view value);

/// The primitive or short string that `value` begins with, without what comes after it.
/// REQUIRES: `value` begins neither an object nor an array.
Result<std::string_view> ScalarAt(std::string_view value);

}  // namespace sluice::columnar
