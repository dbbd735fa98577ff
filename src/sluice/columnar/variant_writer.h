#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/columnar/variant_value.h"

namespace arrow {
class Decimal128;
}

namespace sluice::columnar {

/// Makes variants (parquet-format, VariantEncoding.md), byte for byte as Spark does: the shortest integers and
/// decimals, and a dictionary of the names in the order in which they come. One after the other: Clear(), the value,
/// Finish(). What it takes grows with the variant, not with how deep its parts lie within each other.
///
///   writer.BeginObject();
///   writer.BeginField("n");
///   writer.AddInteger(5);
///   SLUICE_RETURN_IF_ERROR(writer.EndObject());
///
/// Borrows the names of fields until Clear(). Not thread-safe.
class VariantWriter {
 public:
  /// `most_bytes`: of the next variant.
  void Clear(size_t most_bytes);
  /// True once it has more: stop adding. Each Add may pass the limit by the size of what it adds.
  bool is_full() const { return size_ > most_bytes_; }

  void AddNull();
  void AddBoolean(bool value);
  void AddInteger(int64_t value);
  void AddFloat(float value);
  void AddDouble(double value);
  /// REQUIRES: at most 38 digits, 0 <= scale <= 38.
  void AddDecimal(const arrow::Decimal128& unscaled, int scale);
  void AddDate(int32_t days);
  /// A time or instant: `type` is kTime, kTimestamp, or one of its kind.
  void AddTime(VariantPrimitive type, int64_t value);
  void AddString(std::string_view text);
  void AddBinary(std::string_view bytes);
  /// REQUIRES: 16 bytes.
  void AddUuid(std::string_view bytes);
  /// Another variant's value, with the numbers of its names changed to ours. kCorrupt if it is not one, is nested
  /// deeper than kMostVariantDepth, or is more than the limit.
  Status AddValue(std::string_view value, const VariantDictionary& names);

  void BeginArray() { Begin(); }
  void BeginElement() { parts_.push_back({{}, 0, Offset()}); }
  void EndArray();
  void BeginObject() { Begin(); }
  void BeginField(std::string_view name) { parts_.push_back({name, IdOf(name), Offset()}); }
  /// kCorrupt if two fields have one name.
  Status EndObject();

  /// The variant into `value` and `metadata`, over what they held.
  void Finish(std::string& value, std::string& metadata);

 private:
  struct Part {
    std::string_view name;
    uint32_t id = 0;
    size_t offset = 0;  // from where the values of its array or object begin
  };
  // An array or object whose end has not come.
  struct Open {
    size_t insert = 0, start = 0, first_part = 0;
  };
  // A header that goes before byte `at` of scalars_.
  struct Insert {
    size_t at = 0, begin = 0, size = 0;
  };

  void Begin();
  size_t Offset() const { return size_ - open_.back().start; }
  uint32_t IdOf(std::string_view name);
  void Header(VariantPrimitive type);
  void Little(uint64_t value, size_t width);
  void End(bool is_object);
  Status AddParts(std::string_view value, const VariantDictionary& names);

  size_t most_bytes_ = 0;
  size_t size_ =
      0;  // of all that was written, headers of arrays and objects that have ended included
  // Arrays and objects learn their headers at their end. So that nothing has to move, headers are put between the
  // scalars only by Finish().
  std::string scalars_, headers_;
  std::vector<Insert> inserts_;
  std::vector<Open> open_;
  std::vector<Part> parts_;  // of those that are open, one after the other
  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, uint32_t> ids_;
};

}  // namespace sluice::columnar
