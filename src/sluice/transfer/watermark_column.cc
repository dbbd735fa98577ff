#include "sluice/transfer/watermark_column.h"

#include <arrow/array.h>
#include <arrow/array/builder_time.h>
#include <arrow/type.h>

#include <string_view>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/schema/spark_cast.h"
#include "sluice/plan/spark_timestamp.h"

namespace sluice::transfer {
namespace {

/// A local reading and its instant differ by less than this in every zone there ever was; also more
/// than the disorder that a daylight-saving gap brings into a sorted column.
constexpr int64_t kZoneSlack = Hours(26).micros;

std::shared_ptr<arrow::DataType> InstantType() {
  return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
}

/// Turns wall clock readings into instants. Offsets hold for long, so the zone is asked once for a
/// slot of time and not once a row.
class WallClock {
 public:
  explicit WallClock(const TimeZone& zone) : zone_(zone) {}

  int64_t ToInstant(int64_t local) {
    if (local >= slot_begin_ && local < slot_end_) return local + shift_;
    const int64_t instant = plan::CastNtzToTimestamp(local, zone_).micros;
    Remember(local, instant);
    return instant;
  }

 private:
  void Remember(int64_t local, int64_t instant) {
    constexpr int64_t kSlot = Minutes(15).micros;
    // Readings so far away that arithmetic on them could overflow are converted one by one.
    constexpr int64_t kFar = int64_t{1} << 60;
    slot_begin_ = slot_end_ = 0;
    if (local < -kFar || local > kFar) return;
    const int64_t begin = local - ((local % kSlot) + kSlot) % kSlot;
    const int64_t last = begin + kSlot - 1;
    const int64_t shift = instant - local;
    if (plan::CastNtzToTimestamp(begin, zone_).micros - begin != shift) return;
    if (plan::CastNtzToTimestamp(last, zone_).micros - last != shift) return;
    slot_begin_ = begin;
    slot_end_ = begin + kSlot;
    shift_ = shift;
  }

  const TimeZone& zone_;
  int64_t slot_begin_ = 0, slot_end_ = 0, shift_ = 0;
};

/// Midnights; neighbouring rows mostly have the same day.
class Midnights {
 public:
  explicit Midnights(const TimeZone& zone) : zone_(zone) {}

  int64_t ToInstant(int32_t day) {
    if (!known_ || day != day_) {
      instant_ = plan::CastDateToTimestamp(day, zone_).micros;
      day_ = day;
      known_ = true;
    }
    return instant_;
  }

 private:
  const TimeZone& zone_;
  bool known_ = false;
  int32_t day_ = 0;
  int64_t instant_ = 0;
};

/// Builds the instants of `column` from `convert(row)`, an optional of micros, for each row that is
/// not null.
template <typename Convert>
Result<std::shared_ptr<arrow::TimestampArray>> Build(const arrow::Array& column,
                                                     const Convert& convert) {
  arrow::TimestampBuilder builder(InstantType(), arrow::default_memory_pool());
  SLUICE_ARROW_RETURN(builder.Reserve(column.length()), "watermark");
  for (int64_t row = 0; row < column.length(); ++row) {
    std::optional<int64_t> micros;
    if (column.IsValid(row)) micros = convert(row);
    if (micros) {
      builder.UnsafeAppend(*micros);
    } else {
      builder.UnsafeAppendNull();
    }
  }
  std::shared_ptr<arrow::Array> built;
  SLUICE_ARROW_RETURN(builder.Finish(&built), "watermark");
  return std::static_pointer_cast<arrow::TimestampArray>(std::move(built));
}

bool IsMicros(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO;
}

std::optional<int64_t> Shifted(std::optional<int64_t> micros, int64_t by) {
  int64_t shifted = 0;
  if (!micros || __builtin_add_overflow(*micros, by, &shifted)) return std::nullopt;
  return shifted;
}

}  // namespace

void WatermarkCounts::Add(const WatermarkCounts& more) {
  nulls += more.nulls;
  unreadable += more.unreadable;
  readable += more.readable;
  if (example.empty()) example = more.example;
}

WatermarkCounts CountWatermarks(const arrow::Array& column, const arrow::TimestampArray& instants) {
  WatermarkCounts counts;
  counts.nulls = column.null_count();
  counts.unreadable = instants.null_count() - counts.nulls;
  counts.readable = instants.length() - instants.null_count();
  if (counts.unreadable == 0 || column.type_id() != arrow::Type::STRING) return counts;
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row) || instants.IsValid(row)) continue;
    counts.example = static_cast<const arrow::StringArray&>(column).GetString(row);
    break;
  }
  return counts;
}

Status RequireReadable(const WatermarkCounts& counts, const delta::Field& watermark) {
  if (counts.unreadable == 0 || counts.readable > 0) return {};
  constexpr size_t kShown = 40;
  return Fail(Error{
      ErrorKind::kUnsupported,
      fmt::format("watermark '{}' ({}): none of its {} values can be read as a time, for example "
                  "'{}'",
                  watermark.name, watermark.type.ToString(), counts.unreadable,
                  counts.example.substr(0, kShown)),
      "set `watermark` to a column that holds times"});
}

WatermarkColumn::WatermarkColumn(delta::Field field, TimeZone zone)
    : field_(std::move(field)), zone_(std::move(zone)) {}

Result<std::shared_ptr<arrow::TimestampArray>> WatermarkColumn::ToInstants(
    const std::shared_ptr<arrow::Array>& column) const {
  using delta::TypeId;
  const arrow::DataType& type = *column->type();
  if (field_.type.id == TypeId::kTimestamp && IsMicros(type)) {
    return std::static_pointer_cast<arrow::TimestampArray>(column);
  }
  if (field_.type.id == TypeId::kTimestampNtz && IsMicros(type)) {
    const auto& local = static_cast<const arrow::TimestampArray&>(*column);
    WallClock clock(zone_);
    return Build(local, [&](int64_t row) -> std::optional<int64_t> {
      return clock.ToInstant(local.Value(row));
    });
  }
  if (field_.type.id == TypeId::kDate && type.id() == arrow::Type::DATE32) {
    const auto& days = static_cast<const arrow::Date32Array&>(*column);
    Midnights midnights(zone_);
    return Build(days, [&](int64_t row) -> std::optional<int64_t> {
      return midnights.ToInstant(days.Value(row));
    });
  }
  if (field_.type.id == TypeId::kString && type.id() == arrow::Type::STRING) {
    const auto& texts = static_cast<const arrow::StringArray&>(*column);
    return Build(texts, [&](int64_t row) -> std::optional<int64_t> {
      const auto instant = delta::CastToTimestamp(texts.GetView(row), zone_);
      if (!instant || !*instant) return std::nullopt;
      return (*instant)->micros;
    });
  }
  return Fail(ErrorKind::kUnsupported,
              "watermark '{}' of type {} can't be read from a column of {}", field_.name,
              field_.type.ToString(), type.ToString());
}

InstantBounds WatermarkColumn::ToInstants(const delta::RowGroupBounds& bounds) const {
  using delta::TypeId;
  switch (field_.type.id) {
    case TypeId::kTimestamp:
      return {bounds.min, bounds.max};
    case TypeId::kTimestampNtz:
    case TypeId::kDate: {
      const int64_t unit = field_.type.id == TypeId::kDate ? Days(1).micros : 1;
      const auto scaled = [&](std::optional<int64_t> value) -> std::optional<int64_t> {
        int64_t micros = 0;
        if (!value || __builtin_mul_overflow(*value, unit, &micros)) return std::nullopt;
        return micros;
      };
      return {Shifted(scaled(bounds.min), -kZoneSlack), Shifted(scaled(bounds.max), kZoneSlack)};
    }
    default:
      return {};  // strings are not ordered as the times that they stand for
  }
}

}  // namespace sluice::transfer
