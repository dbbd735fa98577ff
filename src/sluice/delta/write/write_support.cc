#include "sluice/delta/write/write_support.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sluice/delta/log/row_tracking.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/schema/physical_column.h"
#include "sluice/delta/write/data_file_writer.h"

namespace sluice::delta {
namespace {

constexpr int kMaxWriterVersion = 7;

// Those that may be listed: either we honour them, or the checks below see whether they are in use.
constexpr std::array<std::string_view, 19> kHonoured = {
    "allowColumnDefaults",  "appendOnly",       "changeDataFeed",     "checkConstraints",
    "checkpointProtection", "clustering",       "columnMapping",      "deletionVectors",
    "domainMetadata",       "generatedColumns", "identityColumns",    "inCommitTimestamp",
    "invariants",           "rowTracking",      "timestampNtz",       "typeWidening",
    "typeWidening-preview", "v2Checkpoint",     "vacuumProtocolCheck"};

void AddPropertyDemands(const Metadata& metadata, std::vector<std::string>& demands) {
  if (IsPropertyTrue(metadata, "delta.appendOnly")) demands.push_back("delta.appendOnly = true");
  for (const auto& [key, value] : metadata.configuration) {
    constexpr std::string_view kConstraint = "delta.constraints.";
    if (key.starts_with(kConstraint)) {
      demands.push_back(fmt::format("CHECK constraint '{}'", key.substr(kConstraint.size())));
    }
    if (key.starts_with("delta.enableIcebergCompat") && value == "true") demands.push_back(key);
  }
  const RowTrackingColumns hidden = RowTrackingColumnsOf(metadata);
  if (IsPropertyTrue(metadata, "delta.enableRowTracking") &&
      (hidden.row_id.empty() || hidden.row_commit_version.empty())) {
    demands.push_back("row tracking whose hidden columns have no name");
  }
}

void AddColumnDemands(const Field& field, std::vector<std::string>& demands) {
  struct Demand {
    std::string_view key, what;
  };
  static constexpr Demand kDemands[] = {{"delta.invariants", "an invariant"},
                                        {"delta.generationExpression", "a generation expression"},
                                        {"delta.identity.start", "identity values"},
                                        {"CURRENT_DEFAULT", "a default"}};
  for (const Field& inner : field.type.fields) AddColumnDemands(inner, demands);
  const auto metadata = nlohmann::json::parse(field.metadata_json, nullptr, false);
  if (!metadata.is_object()) return;
  for (const Demand& demand : kDemands) {
    if (metadata.contains(demand.key)) {
      demands.push_back(fmt::format("{} on column '{}'", demand.what, field.name));
    }
  }
}

// Files need statistics of the columns by which a table is clustered.
void AddClusteringDemands(const Metadata& metadata,
                          const std::map<std::string, DomainMetadata>& domains,
                          std::vector<std::string>& demands) {
  const auto domain = domains.find("delta.clustering");
  if (domain == domains.end()) return;
  const auto json = nlohmann::json::parse(domain->second.configuration, nullptr, false);
  if (!json.is_object() || !json.contains("clusteringColumns")) return;
  for (const auto& path : json["clusteringColumns"]) {
    if (!path.is_array() || path.empty() || !path[0].is_string()) continue;
    const auto& fields = metadata.schema.fields;
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& candidate) {
      return PhysicalName(candidate) == path[0].get_ref<const std::string&>();
    });
    if (field == fields.end() || (path.size() == 1 && HasStatistics(field->type))) continue;
    demands.push_back(
        fmt::format("clustering by column '{}' of type {}", field->name, field->type.ToString()));
  }
}

}  // namespace

Status CheckWritable(const Protocol& protocol, const Metadata& metadata,
                     const std::map<std::string, DomainMetadata>& domains, std::string_view table) {
  std::vector<std::string> demands;
  if (protocol.min_writer_version > kMaxWriterVersion) {
    demands.push_back(fmt::format("writer version {}", protocol.min_writer_version));
  }
  for (const std::string& feature : protocol.writer_features) {
    if (std::find(kHonoured.begin(), kHonoured.end(), feature) == kHonoured.end()) {
      demands.push_back(feature);
    }
  }
  AddPropertyDemands(metadata, demands);
  for (const Field& field : metadata.schema.fields) AddColumnDemands(field, demands);
  AddClusteringDemands(metadata, domains, demands);
  if (demands.empty()) return {};
  return Fail(Error{ErrorKind::kUnsupported,
                    fmt::format("{} asks of its writers what sluice does not do: {}", table,
                                fmt::join(demands, ", ")),
                    "drop it from the table (ALTER TABLE), or use a table without it"});
}

}  // namespace sluice::delta
