#include "sluice/delta/read/row_group_bounds.h"

#include <parquet/metadata.h>

#include <parquet/statistics.h>
#include <parquet/types.h>

#include <limits>

#include "sluice/columnar/legacy_calendar.h"
#include "sluice/columnar/parquet_file.h"

namespace sluice::delta {
namespace {

// How a stored integer becomes one in the Delta type's terms.
enum class Scale { kNone, kOne, kMillis };

bool IsInteger(TypeId id) {
  return id == TypeId::kLong || id == TypeId::kInteger || id == TypeId::kShort ||
         id == TypeId::kByte;
}

// Nanoseconds are not read at all.
Scale TimestampScale(const columnar::Annotation& note) {
  switch (note.unit) {
    case columnar::Annotation::Unit::kMillis:
      return Scale::kMillis;
    case columnar::Annotation::Unit::kMicros:
      return Scale::kOne;
    case columnar::Annotation::Unit::kNanos:
      break;
  }
  return Scale::kNone;
}

Scale ScaleOf(const columnar::SchemaNode& leaf, const DataType& type) {
  using Kind = columnar::Annotation::Kind;
  const bool is_int32 = leaf.physical == columnar::PhysicalType::kInt32;
  const bool is_int64 = leaf.physical == columnar::PhysicalType::kInt64;
  if (!is_int32 && !is_int64) return Scale::kNone;
  const columnar::Annotation& note = leaf.annotation;
  if (type.id == TypeId::kDate) {
    return is_int32 && note.kind == Kind::kDate ? Scale::kOne : Scale::kNone;
  }
  if (type.id == TypeId::kTimestamp || type.id == TypeId::kTimestampNtz) {
    return is_int64 && note.kind == Kind::kTimestamp ? TimestampScale(note) : Scale::kNone;
  }
  if (!IsInteger(type.id)) return Scale::kNone;
  const bool plain = note.kind == Kind::kNone || (note.kind == Kind::kInteger && note.is_signed);
  return plain ? Scale::kOne : Scale::kNone;
}

std::optional<int64_t> Rescale(int64_t value, Scale scale) {
  constexpr int64_t kThousand = 1000;
  switch (scale) {
    case Scale::kOne:
      return value;
    case Scale::kMillis:
      if (value > std::numeric_limits<int64_t>::max() / kThousand ||
          value < std::numeric_limits<int64_t>::min() / kThousand) {
        return std::nullopt;
      }
      return value * kThousand;
    case Scale::kNone:
      break;
  }
  return std::nullopt;
}

template <typename ParquetType>
void FillBounds(const parquet::Statistics& statistics, Scale scale, RowGroupBounds& bounds) {
  const auto& typed = static_cast<const parquet::TypedStatistics<ParquetType>&>(statistics);
  bounds.min = Rescale(typed.min(), scale);
  bounds.max = Rescale(typed.max(), scale);
}

// From the calendar of the file to ours. Where a bound has no place there, nothing is known.
void Rebase(const columnar::FileCalendar& calendar, TypeId type, RowGroupBounds& bounds) {
  if (calendar.dates_mark.empty() || (type != TypeId::kDate && type != TypeId::kTimestamp)) return;
  for (std::optional<int64_t>* bound : {&bounds.min, &bounds.max}) {
    if (!*bound) continue;
    *bound = type == TypeId::kDate ? std::optional(columnar::GregorianDay(**bound))
                                   : columnar::GregorianMicros(**bound, calendar);
  }
}

}  // namespace

RowGroupBounds ReadRowGroupBounds(const columnar::ParquetFile& file, int row_group, int column,
                                  const DataType& type) {
  RowGroupBounds bounds;
  const columnar::SchemaNode& node = file.schema->children[static_cast<size_t>(column)];
  if (node.physical == columnar::PhysicalType::kGroup ||
      node.repetition == columnar::Repetition::kRepeated) {
    return bounds;
  }
  const auto chunk = file.metadata->RowGroup(row_group)->ColumnChunk(node.first_leaf);
  const auto statistics = chunk->statistics();
  if (statistics == nullptr) return bounds;
  if (statistics->HasNullCount()) bounds.null_count = statistics->null_count();
  const Scale scale = ScaleOf(node, type);
  if (scale == Scale::kNone || !statistics->HasMinMax()) return bounds;
  if (node.physical == columnar::PhysicalType::kInt32) {
    FillBounds<parquet::Int32Type>(*statistics, scale, bounds);
  } else {
    FillBounds<parquet::Int64Type>(*statistics, scale, bounds);
  }
  Rebase(file.calendar, type.id, bounds);
  return bounds;
}

}  // namespace sluice::delta
