#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What a Parquet file says about its columns, as written in its footer. Plain values.
namespace sluice::columnar {

enum class PhysicalType {
  kGroup,
  kBoolean,
  kInt32,
  kInt64,
  kInt96,
  kFloat,
  kDouble,
  kByteArray,
  kFixedLengthByteArray,
};

enum class Repetition { kRequired, kOptional, kRepeated };

/// A column's logical type, or the older converted type that says the same.
struct Annotation {
  enum class Kind {
    kNone,
    kString,  ///< enum, too
    kJson,
    kBson,
    kUuid,
    kList,
    kMap,
    kDecimal,
    kDate,
    kTime,
    kTimestamp,
    kInteger,
    kNull,
    kOther,
  };
  enum class Unit { kMillis, kMicros, kNanos };

  Kind kind = Kind::kNone;
  int precision = 0, scale = 0;  ///< kDecimal
  Unit unit = Unit::kMicros;     ///< kTime, kTimestamp
  bool is_utc = true;            ///< kTime, kTimestamp
  int bits = 0;                  ///< kInteger
  bool is_signed = true;         ///< kInteger
};

/// A column or a part of one.
struct SchemaNode {
  std::string name;
  std::optional<int32_t> field_id;  ///< where the writer gave it one
  PhysicalType physical = PhysicalType::kGroup;
  int fixed_length = 0;  ///< kFixedLengthByteArray
  Repetition repetition = Repetition::kRequired;
  Annotation annotation;
  std::vector<SchemaNode> children;  ///< kGroup
  int first_leaf = 0;                ///< number of the first leaf at or below it
  int leaves = 0;                    ///< at or below it

  /// For messages: "int32 (unsigned, 8 bits)", "group (list)".
  std::string ToString() const;
};

}  // namespace sluice::columnar
