#include "sluice/delta/feed/change_source.h"

#include "sluice/delta/log/row_tracking.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/schema/physical_column.h"

namespace sluice::delta {
namespace {

std::vector<std::string> StoredPartitionColumns(const Metadata& metadata) {
  std::vector<std::string> names;
  for (const auto& name : metadata.partition_columns) {
    const Field* field = metadata.schema.Find(name);
    names.emplace_back(field == nullptr ? std::string_view(name) : PhysicalName(*field));
  }
  return names;
}

}  // namespace

std::optional<FeedEra> EraOf(const TableState& state, Version first, ChangesWanted wanted) {
  FeedEra era;
  era.first = first;
  era.partition_columns = StoredPartitionColumns(state.metadata);
  if (PropertiesOf(state.metadata).change_data_feed) return era;
  if (wanted == ChangesWanted::kFeed) return std::nullopt;
  if (TracksRows(state.protocol, state.metadata)) {
    era.source = ChangeSource::kRowTracking;
    era.hidden = RowTrackingColumnsOf(state.metadata);
    return era;
  }
  if (wanted != ChangesWanted::kRows) return std::nullopt;
  era.source = ChangeSource::kRows;
  return era;
}

}  // namespace sluice::delta
