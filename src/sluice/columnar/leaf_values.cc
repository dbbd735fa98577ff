#include "sluice/columnar/leaf_values.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "sluice/columnar/arrow_io.h"

namespace sluice::columnar {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Kind = Annotation::Kind;
using Unit = Annotation::Unit;
using Physical = PhysicalType;

constexpr int64_t kMicrosPerDay = int64_t{86'400} * 1'000'000;
constexpr int64_t kMicrosPerMilli = 1'000;
constexpr int kIntDigits = 10, kLongDigits = 20;

bool IsUnsigned(const Annotation& note) { return note.kind == Kind::kInteger && !note.is_signed; }

bool IsLocalTimestamp(const arrow::DataType& type) {
  return static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

Error ValueError(const LeafPlan& plan, std::string_view what) {
  return Error{ErrorKind::kUnsupported,
               fmt::format("column '{}' holds {}, which {} cannot hold", plan.column, what,
                           plan.wanted->ToString()),
               {}};
}

// ---- Which types go together

bool CanReadDecimal(const LeafPlan& plan) {
  const auto& to = static_cast<const arrow::DecimalType&>(*plan.wanted);
  const Annotation& from = plan.annotation;
  if (from.kind == Kind::kDecimal) {
    // Spark widens where no digit is lost on either side of the point.
    const bool sound = from.scale >= 0 && from.precision > 0 && from.scale <= from.precision;
    const int scale_grows = to.scale() - from.scale;
    return sound && plan.physical != Physical::kBoolean && scale_grows >= 0 &&
           to.precision() - from.precision >= scale_grows;
  }
  if (from.kind == Kind::kInteger && !from.is_signed) {
    // What Spark takes the largest unsigned type for.
    return plan.physical == Physical::kInt64 && to.precision() == kLongDigits && to.scale() == 0;
  }
  if (from.kind != Kind::kNone && from.kind != Kind::kInteger) return false;
  const int digits = to.precision() - to.scale();
  if (plan.physical == Physical::kInt32) return digits >= kIntDigits;
  if (plan.physical == Physical::kInt64) return digits >= kLongDigits;
  return false;
}

bool IsUnsigned32(const LeafPlan& plan) {
  return IsUnsigned(plan.annotation) && plan.annotation.bits == 32;
}

bool CanReadTimestamp(const LeafPlan& plan) {
  const Annotation& from = plan.annotation;
  if (plan.physical == Physical::kInt96) return true;
  if (plan.physical == Physical::kInt32) {
    return IsLocalTimestamp(*plan.wanted) && from.kind == Kind::kDate;
  }
  return plan.physical == Physical::kInt64 && from.kind == Kind::kTimestamp &&
         from.unit != Unit::kNanos;
}

// ---- Values

std::optional<arrow::Decimal128> FromBigEndian(const uint8_t* bytes, int64_t size) {
  constexpr int64_t kMostBytes = 16;
  if (size <= 0) return std::nullopt;
  const uint8_t fill = (bytes[0] & 0x80) != 0 ? 0xFF : 0;
  for (; size > kMostBytes; ++bytes, --size) {
    if (bytes[0] != fill || ((bytes[1] ^ fill) & 0x80) != 0) return std::nullopt;
  }
  const auto value = arrow::Decimal128::FromBigEndian(bytes, static_cast<int32_t>(size));
  return value.ok() ? std::optional(*value) : std::nullopt;
}

/// A decimal of the file's scale at the wanted one, if it has no more digits than are wanted.
class DecimalScaler {
 public:
  explicit DecimalScaler(const LeafPlan& plan)
      : to_(static_cast<const arrow::DecimalType&>(*plan.wanted)),
        grows_(to_.scale() - (plan.annotation.kind == Kind::kDecimal ? plan.annotation.scale : 0)) {
  }

  bool Put(const arrow::Decimal128& value, uint8_t* out) const {
    const auto scaled =
        grows_ == 0 ? arrow::Result<arrow::Decimal128>(value) : value.Rescale(0, grows_);
    if (!scaled.ok() || !scaled->FitsInPrecision(to_.precision())) return false;
    scaled->ToBytes(out);
    return true;
  }

 private:
  const arrow::DecimalType& to_;
  const int grows_;
};

// An array of `plan.wanted` with a value of `width` bytes for each of `stored`; `put(i, out)` fills one
// that is not null and returns false where it cannot.
template <typename Put>
Result<ArrayPtr> Fill(const LeafPlan& plan, const arrow::Array& stored, int64_t width,
                      std::string_view what, Put put) {
  SLUICE_ARROW_ASSIGN(std::shared_ptr<arrow::Buffer> values,
                      arrow::AllocateBuffer(stored.length() * width), plan.column);
  uint8_t* out = values->mutable_data();
  for (int64_t i = 0; i < stored.length(); ++i, out += width) {
    if (stored.IsNull(i)) {
      std::memset(out, 0, static_cast<size_t>(width));
    } else if (!put(i, out)) {
      return Fail(ValueError(plan, what));
    }
  }
  SLUICE_ASSIGN_OR_RETURN(auto validity, ValidityOf(stored));
  return arrow::MakeArray(arrow::ArrayData::Make(plan.wanted, stored.length(),
                                                 {std::move(validity), std::move(values)}));
}

template <typename In, typename Out, typename Convert>
Result<ArrayPtr> Transform(const LeafPlan& plan, const arrow::Array& stored, std::string_view what,
                           Convert convert) {
  const In* in = stored.data()->GetValues<In>(1);
  return Fill(plan, stored, sizeof(Out), what, [&](int64_t i, uint8_t* out) {
    const std::optional<Out> value = convert(in[i]);
    if (value) std::memcpy(out, &*value, sizeof(Out));
    return value.has_value();
  });
}

// The same buffers under another type of the same layout.
ArrayPtr Relabel(const arrow::Array& stored, const std::shared_ptr<arrow::DataType>& type) {
  auto data = stored.data()->Copy();
  data->type = type;
  return arrow::MakeArray(data);
}

template <typename Out>
Result<ArrayPtr> NarrowInt(const LeafPlan& plan, const arrow::Array& stored) {
  const bool is_unsigned = IsUnsigned(plan.annotation);
  return Transform<int32_t, Out>(
      plan, stored, "an integer out of its range", [&](int32_t v) -> std::optional<Out> {
        const int64_t value = is_unsigned ? static_cast<uint32_t>(v) : int64_t{v};
        if (value < std::numeric_limits<Out>::min() || value > std::numeric_limits<Out>::max()) {
          return std::nullopt;
        }
        return static_cast<Out>(value);
      });
}

Result<ArrayPtr> ConvertLong(const LeafPlan& plan, const arrow::Array& stored) {
  if (plan.physical == Physical::kInt64) return Relabel(stored, plan.wanted);
  const bool is_unsigned = IsUnsigned(plan.annotation);
  return Transform<int32_t, int64_t>(plan, stored, "", [&](int32_t v) {
    return std::optional<int64_t>(is_unsigned ? int64_t{static_cast<uint32_t>(v)} : int64_t{v});
  });
}

Result<ArrayPtr> ConvertDouble(const LeafPlan& plan, const arrow::Array& stored) {
  const auto widen = [](auto v) { return std::optional<double>(v); };
  if (plan.physical == Physical::kFloat) {
    return Transform<float, double>(plan, stored, "", widen);
  }
  if (plan.physical == Physical::kDouble) return Relabel(stored, plan.wanted);
  return Transform<int32_t, double>(plan, stored, "", widen);
}

Result<ArrayPtr> ConvertDecimal(const LeafPlan& plan, const arrow::Array& stored) {
  constexpr std::string_view kWhat = "a number with more digits";
  const DecimalScaler scaler(plan);
  const bool is_unsigned = IsUnsigned(plan.annotation);
  const int64_t width = static_cast<const arrow::FixedWidthType&>(*plan.wanted).bit_width() / 8;
  switch (plan.physical) {
    case Physical::kInt32: {
      const auto* in = stored.data()->GetValues<int32_t>(1);
      return Fill(plan, stored, width, kWhat, [&](int64_t i, uint8_t* out) {
        return scaler.Put(arrow::Decimal128(int64_t{in[i]}), out);
      });
    }
    case Physical::kInt64: {
      const auto* in = stored.data()->GetValues<int64_t>(1);
      return Fill(plan, stored, width, kWhat, [&](int64_t i, uint8_t* out) {
        const arrow::Decimal128 value = is_unsigned
                                            ? arrow::Decimal128(0, static_cast<uint64_t>(in[i]))
                                            : arrow::Decimal128(in[i]);
        return scaler.Put(value, out);
      });
    }
    case Physical::kByteArray: {
      const auto& in = static_cast<const arrow::BinaryArray&>(stored);
      return Fill(plan, stored, width, kWhat, [&](int64_t i, uint8_t* out) {
        const std::string_view bytes = in.GetView(i);
        const auto value = FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                         static_cast<int64_t>(bytes.size()));
        return value && scaler.Put(*value, out);
      });
    }
    default: {
      const auto& in = static_cast<const arrow::FixedSizeBinaryArray&>(stored);
      return Fill(plan, stored, width, kWhat, [&](int64_t i, uint8_t* out) {
        const auto value = FromBigEndian(in.GetValue(i), in.byte_width());
        return value && scaler.Put(*value, out);
      });
    }
  }
}

Error CalendarError(const LeafPlan& plan, const std::string& mark) {
  return Error{
      ErrorKind::kUnsupported,
      fmt::format("column '{}' holds instants before 1900 that are counted in the hybrid Julian "
                  "calendar ({}) and in the time zone {}",
                  plan.column, mark, plan.calendar.zone),
      fmt::format("rewrite the file with Spark (spark.sql.parquet.datetimeRebaseModeInWrite "
                  "CORRECTED), or leave the column out: exclude: [{}]",
                  plan.column.substr(0, plan.column.find('.')))};
}

Result<ArrayPtr> ConvertDate(const LeafPlan& plan, const arrow::Array& stored) {
  if (plan.calendar.dates_mark.empty()) return Relabel(stored, plan.wanted);
  return Transform<int32_t, int32_t>(plan, stored, "a day before all days",
                                     [](int32_t v) -> std::optional<int32_t> {
                                       const int64_t day = GregorianDay(v);
                                       if (day < std::numeric_limits<int32_t>::min())
                                         return std::nullopt;
                                       return static_cast<int32_t>(day);
                                     });
}

Result<ArrayPtr> RebaseMicros(const LeafPlan& plan, const arrow::Array& stored,
                              const std::string& mark) {
  auto rebased = Transform<int64_t, int64_t>(
      plan, stored, "", [&](int64_t v) { return GregorianMicros(v, plan.calendar); });
  if (!rebased) return Fail(CalendarError(plan, mark));
  return rebased;
}

Result<ArrayPtr> ConvertTimestamp(const LeafPlan& plan, const arrow::Array& stored) {
  const bool is_local = IsLocalTimestamp(*plan.wanted);
  if (plan.physical == Physical::kInt32) {
    const bool hybrid = !plan.calendar.dates_mark.empty();
    return Transform<int32_t, int64_t>(plan, stored, "a day out of its range",
                                       [&](int32_t v) -> std::optional<int64_t> {
                                         int64_t micros = 0;
                                         const int64_t day = hybrid ? GregorianDay(v) : v;
                                         if (__builtin_mul_overflow(day, kMicrosPerDay, &micros))
                                           return std::nullopt;
                                         return micros;
                                       });
  }
  ArrayPtr micros = Relabel(stored, plan.wanted);
  if (plan.physical == Physical::kInt64 && plan.annotation.unit == Unit::kMillis) {
    SLUICE_ASSIGN_OR_RETURN(micros, (Transform<int64_t, int64_t>(
                                        plan, stored, "an instant out of its range",
                                        [](int64_t v) -> std::optional<int64_t> {
                                          int64_t value = 0;
                                          if (__builtin_mul_overflow(v, kMicrosPerMilli, &value))
                                            return std::nullopt;
                                          return value;
                                        })));
  }
  const std::string& mark =
      plan.physical == Physical::kInt96 ? plan.calendar.int96_mark : plan.calendar.dates_mark;
  // Local times came after the old calendar.
  return is_local || mark.empty() ? Result<ArrayPtr>(micros) : RebaseMicros(plan, *micros, mark);
}

Result<ArrayPtr> FixedToBinary(const LeafPlan& plan, const arrow::Array& stored) {
  const auto& in = static_cast<const arrow::FixedSizeBinaryArray&>(stored);
  const int64_t width = in.byte_width();
  const int64_t bytes = width * in.length();
  if (bytes > std::numeric_limits<int32_t>::max()) {
    return Fail(ErrorKind::kInternal, "column '{}': a batch of 2 GiB", plan.column);
  }
  SLUICE_ARROW_ASSIGN(std::shared_ptr<arrow::Buffer> offsets,
                      arrow::AllocateBuffer((in.length() + 1) * 4), plan.column);
  auto* out = offsets->mutable_data_as<int32_t>();
  for (int64_t i = 0; i <= in.length(); ++i) out[i] = static_cast<int32_t>(i * width);
  SLUICE_ASSIGN_OR_RETURN(auto validity, ValidityOf(stored));
  auto values = arrow::SliceBuffer(in.data()->buffers[1], in.offset() * width, bytes);
  return arrow::MakeArray(arrow::ArrayData::Make(
      plan.wanted, in.length(), {std::move(validity), std::move(offsets), std::move(values)}));
}

// A column of a type that has no values, whatever it is stored as.
Result<ArrayPtr> ConvertNulls(const LeafPlan& plan, const arrow::Array& stored) {
  if (stored.null_count() != stored.length()) {
    return Fail(ErrorKind::kCorrupt, "column '{}' holds values, and says that it has none",
                plan.column);
  }
  SLUICE_ARROW_ASSIGN(auto nulls, arrow::MakeArrayOfNull(plan.wanted, stored.length()),
                      plan.column);
  return nulls;
}

// Arrow's type for a physical one; a reader that decodes otherwise must not be believed.
bool IsAsPlanned(const LeafPlan& plan, arrow::Type::type id) {
  switch (plan.physical) {
    case Physical::kBoolean:
      return id == arrow::Type::BOOL;
    case Physical::kInt32:
      return id == arrow::Type::INT32;
    case Physical::kInt64:
      return id == arrow::Type::INT64;
    case Physical::kInt96:
      return id == arrow::Type::TIMESTAMP;
    case Physical::kFloat:
      return id == arrow::Type::FLOAT;
    case Physical::kDouble:
      return id == arrow::Type::DOUBLE;
    case Physical::kByteArray:
      return id == arrow::Type::BINARY;
    case Physical::kFixedLengthByteArray:
      return id == arrow::Type::FIXED_SIZE_BINARY;
    case Physical::kGroup:
      break;
  }
  return false;
}

// Puts values where `data`, an array of NULLs only, may have none: below structs, by the types of their fields.
std::shared_ptr<arrow::ArrayData> FillRequired(const arrow::ArrayData& data, bool nullable) {
  auto filled = data.Copy();
  if (!nullable) {
    filled->buffers[0] = nullptr;
    filled->null_count = 0;
  }
  if (data.type->id() == arrow::Type::STRUCT) {
    for (size_t i = 0; i < filled->child_data.size(); ++i) {
      filled->child_data[i] =
          FillRequired(*filled->child_data[i], data.type->field(static_cast<int>(i))->nullable());
    }
  }
  return filled;
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> MakeNulls(const std::shared_ptr<arrow::DataType>& type,
                                                int64_t length) {
  SLUICE_ARROW_ASSIGN(const auto nulls, arrow::MakeArrayOfNull(type, length), type->ToString());
  return arrow::MakeArray(FillRequired(*nulls->data(), /*nullable=*/true));
}

Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& array) {
  if (array.null_count() == 0) return std::shared_ptr<arrow::Buffer>();
  const auto& bitmap = array.data()->buffers[0];
  if (array.offset() == 0) return bitmap;
  SLUICE_ARROW_ASSIGN(auto copy,
                      arrow::internal::CopyBitmap(arrow::default_memory_pool(), bitmap->data(),
                                                  array.offset(), array.length()),
                      "validity");
  return copy;
}

bool CanReadLeaf(const LeafPlan& plan) {
  if (plan.annotation.kind == Kind::kNull) return true;
  const Physical from = plan.physical;
  switch (plan.wanted->id()) {
    case arrow::Type::BOOL:
      return from == Physical::kBoolean;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return from == Physical::kInt32 && !IsUnsigned32(plan);
    case arrow::Type::INT64:
      return from == Physical::kInt32 || (from == Physical::kInt64 && !IsUnsigned(plan.annotation));
    case arrow::Type::FLOAT:
      return from == Physical::kFloat;
    case arrow::Type::DOUBLE:
      return from == Physical::kDouble || from == Physical::kFloat ||
             (from == Physical::kInt32 && !IsUnsigned32(plan));
    case arrow::Type::STRING:
      return from == Physical::kByteArray;
    case arrow::Type::BINARY:
      return from == Physical::kByteArray || from == Physical::kFixedLengthByteArray;
    case arrow::Type::DECIMAL128:
      return CanReadDecimal(plan);
    case arrow::Type::TIMESTAMP:
      return CanReadTimestamp(plan);
    default:
      return false;
  }
}

Result<ArrayPtr> ConvertLeaf(const LeafPlan& plan, const ArrayPtr& stored) {
  if (!IsAsPlanned(plan, stored->type_id())) {
    return Fail(ErrorKind::kCorrupt, "column '{}' was decoded as {}", plan.column,
                stored->type()->ToString());
  }
  if (plan.annotation.kind == Kind::kNull) return ConvertNulls(plan, *stored);
  switch (plan.wanted->id()) {
    case arrow::Type::INT8:
      return NarrowInt<int8_t>(plan, *stored);
    case arrow::Type::INT16:
      return NarrowInt<int16_t>(plan, *stored);
    case arrow::Type::INT32:
      return IsUnsigned(plan.annotation) ? NarrowInt<int32_t>(plan, *stored)
                                         : Result<ArrayPtr>(Relabel(*stored, plan.wanted));
    case arrow::Type::INT64:
      return ConvertLong(plan, *stored);
    case arrow::Type::DOUBLE:
      return ConvertDouble(plan, *stored);
    case arrow::Type::DATE32:
      return ConvertDate(plan, *stored);
    case arrow::Type::TIMESTAMP:
      return ConvertTimestamp(plan, *stored);
    case arrow::Type::DECIMAL128:
      return ConvertDecimal(plan, *stored);
    case arrow::Type::BINARY:
      if (plan.physical == Physical::kFixedLengthByteArray) return FixedToBinary(plan, *stored);
      return Relabel(*stored, plan.wanted);
    default:
      return Relabel(*stored, plan.wanted);
  }
}

}  // namespace sluice::columnar
