#include "sluice/delta/read/row_group_bounds.h"

#include <parquet/metadata.h>

#include <parquet/schema.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <limits>

namespace sluice::delta {
namespace {

// How a stored integer becomes one in the Delta type's terms.
enum class Scale { kNone, kOne, kMillis, kNanos };

bool IsInteger(TypeId id) {
  return id == TypeId::kLong || id == TypeId::kInteger || id == TypeId::kShort ||
         id == TypeId::kByte;
}

Scale TimestampScale(const parquet::LogicalType& logical, TypeId id) {
  if (!logical.is_timestamp()) return Scale::kNone;
  const auto& timestamp = static_cast<const parquet::TimestampLogicalType&>(logical);
  if (timestamp.is_adjusted_to_utc() != (id == TypeId::kTimestamp)) return Scale::kNone;
  switch (timestamp.time_unit()) {
    case parquet::LogicalType::TimeUnit::MILLIS:
      return Scale::kMillis;
    case parquet::LogicalType::TimeUnit::MICROS:
      return Scale::kOne;
    case parquet::LogicalType::TimeUnit::NANOS:
      return Scale::kNanos;
    default:
      return Scale::kNone;
  }
}

Scale ScaleOf(const parquet::ColumnDescriptor& descriptor, const DataType& type) {
  const parquet::Type::type physical = descriptor.physical_type();
  if (physical != parquet::Type::INT32 && physical != parquet::Type::INT64) return Scale::kNone;
  const auto& logical = descriptor.logical_type();
  if (logical == nullptr) return Scale::kNone;
  if (type.id == TypeId::kDate) return logical->is_date() ? Scale::kOne : Scale::kNone;
  if (type.id == TypeId::kTimestamp || type.id == TypeId::kTimestampNtz) {
    return TimestampScale(*logical, type.id);
  }
  if (!IsInteger(type.id)) return Scale::kNone;
  if (logical->is_none()) return Scale::kOne;
  const bool is_signed =
      logical->is_int() && static_cast<const parquet::IntLogicalType&>(*logical).is_signed();
  return is_signed ? Scale::kOne : Scale::kNone;
}

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

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
    case Scale::kNanos:
      // As values are cut to micros when they are read: the order is kept.
      return FloorDivide(value, kThousand);
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

}  // namespace

RowGroupBounds ReadRowGroupBounds(const parquet::FileMetaData& metadata, int row_group, int column,
                                  const DataType& type) {
  RowGroupBounds bounds;
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  const parquet::schema::NodePtr& node = schema.group_node()->field(column);
  if (!node->is_primitive() || node->is_repeated()) return bounds;
  const int leaf = schema.ColumnIndex(*node);
  if (leaf < 0) return bounds;
  const auto chunk = metadata.RowGroup(row_group)->ColumnChunk(leaf);
  const auto statistics = chunk->statistics();
  if (statistics == nullptr) return bounds;
  if (statistics->HasNullCount()) bounds.null_count = statistics->null_count();
  const Scale scale = ScaleOf(*schema.Column(leaf), type);
  if (scale == Scale::kNone || !statistics->HasMinMax()) return bounds;
  if (schema.Column(leaf)->physical_type() == parquet::Type::INT32) {
    FillBounds<parquet::Int32Type>(*statistics, scale, bounds);
  } else {
    FillBounds<parquet::Int64Type>(*statistics, scale, bounds);
  }
  return bounds;
}

}  // namespace sluice::delta
