#include "sluice/delta/log/row_tracking.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/delta/log/action_json.h"
#include "sluice/delta/log/table_properties.h"

namespace sluice::delta {
namespace {

constexpr const char* kDomain = "delta.rowTracking";
constexpr const char* kMark = "rowIdHighWaterMark";

std::string Property(const Metadata& metadata, const char* name) {
  const auto found = metadata.configuration.find(name);
  return found == metadata.configuration.end() ? std::string() : found->second;
}

}  // namespace

RowTrackingColumns RowTrackingColumnsOf(const Metadata& metadata) {
  return {Property(metadata, "delta.rowTracking.materializedRowIdColumnName"),
          Property(metadata, "delta.rowTracking.materializedRowCommitVersionColumnName")};
}

bool SupportsRowTracking(const Protocol& protocol) {
  const auto& features = protocol.writer_features;
  return std::find(features.begin(), features.end(), "rowTracking") != features.end();
}

bool TracksRows(const Protocol& protocol, const Metadata& metadata) {
  return SupportsRowTracking(protocol) && IsPropertyTrue(metadata, "delta.enableRowTracking");
}

Result<int64_t> HighWaterMarkOf(const std::map<std::string, DomainMetadata>& domains) {
  const auto found = domains.find(kDomain);
  if (found == domains.end() || found->second.removed) return -1;
  const auto json = ActionJson::parse(found->second.configuration, nullptr, false);
  if (!json.is_object() || !json.contains(kMark) || !json[kMark].is_number_integer()) {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("the metadata domain {} has no valid {}", kDomain, kMark),
                      "switch row tracking off and drop the feature (ALTER TABLE ... DROP FEATURE "
                      "rowTracking), then run again"});
  }
  return json[kMark].get<int64_t>();
}

DomainMetadata HighWaterMark(int64_t id) { return {kDomain, Dump(ActionJson{{kMark, id}}), false}; }

}  // namespace sluice::delta
