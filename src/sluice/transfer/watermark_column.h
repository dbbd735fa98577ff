#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/base/time_zone.h"
#include "sluice/delta/read/data_file.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::transfer {

/// Instants that no row of a file or row group lies outside of, in micros; nullopt: not known.
struct InstantBounds {
  std::optional<int64_t> min, max;
};

/// What a column's rows have for a watermark. Value type.
struct WatermarkCounts {
  int64_t nulls = 0;
  int64_t unreadable = 0;  ///< values that are not times; only text has such
  int64_t readable = 0;
  std::string example;  ///< of the unreadable ones

  void Add(const WatermarkCounts& more);
};

/// Of `column`, whose instants are `instants`.
WatermarkCounts CountWatermarks(const arrow::Array& column, const arrow::TimestampArray& instants);

/// kUnsupported where the column `watermark` has values and none of them is a time.
Status RequireReadable(const WatermarkCounts& counts, const delta::Field& watermark);

/// A column of watermarks as instants, the way Spark compares them with a TIMESTAMP in session zone
/// `zone`: a TIMESTAMP as it is, TIMESTAMP_NTZ as the reading of a wall clock in the zone, a DATE as
/// its midnight there, a STRING by its cast (what is no time becomes null). Immutable, thread-safe.
class WatermarkColumn {
 public:
  WatermarkColumn(delta::Field field, TimeZone zone);

  const delta::Field& field() const { return field_; }

  /// One timestamp[us, UTC] a row. A TIMESTAMP column comes back as it is, without a copy.
  /// kUnsupported if `column` has another type than the field.
  Result<std::shared_ptr<arrow::TimestampArray>> ToInstants(
      const std::shared_ptr<arrow::Array>& column) const;

  /// Bounds of the field's own type (days or micros) as bounds of instants.
  InstantBounds ToInstants(const delta::RowGroupBounds& bounds) const;

  /// True where the nulls of the column are exactly the rows without an instant: a STRING that is no
  /// time has none either.
  bool nulls_are_countable() const { return field_.type.id != delta::TypeId::kString; }

 private:
  const delta::Field field_;
  const TimeZone zone_;
};

}  // namespace sluice::transfer
