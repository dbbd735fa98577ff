#include "sluice/delta/write/write_support.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sluice/delta/log/table_properties.h"

namespace sluice::delta {
namespace {

constexpr int kMaxWriterVersion = 7;

// Those that may be listed: either we honour them, or the check of metadata below sees whether they
// are in use. Absent on purpose: rowTracking and clustering, which bind writers as soon as they are listed.
constexpr std::array<std::string_view, 13> kHonoured = {
    "allowColumnDefaults", "appendOnly",        "changeDataFeed", "checkConstraints",
    "columnMapping",       "deletionVectors",   "domainMetadata", "generatedColumns",
    "identityColumns",     "inCommitTimestamp", "invariants",     "timestampNtz",
    "vacuumProtocolCheck"};

void AddPropertyDemands(const Metadata& metadata, std::vector<std::string>& demands) {
  if (IsPropertyTrue(metadata, "delta.appendOnly")) demands.push_back("delta.appendOnly = true");
  for (const auto& [key, value] : metadata.configuration) {
    constexpr std::string_view kConstraint = "delta.constraints.";
    if (key.starts_with(kConstraint)) {
      demands.push_back(fmt::format("CHECK constraint '{}'", key.substr(kConstraint.size())));
    }
    if (key == "delta.columnMapping.mode" && value != "none") {
      demands.push_back(fmt::format("column mapping (mode {})", value));
    }
    if (key.starts_with("delta.enableIcebergCompat") && value == "true") demands.push_back(key);
  }
  if (IsPropertyTrue(metadata, "delta.enableRowTracking")) demands.push_back("row tracking");
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

}  // namespace

Status CheckWritable(const Protocol& protocol, const Metadata& metadata, std::string_view table) {
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
  if (demands.empty()) return {};
  return Fail(Error{ErrorKind::kUnsupported,
                    fmt::format("{} asks of its writers what sluice does not do: {}", table,
                                fmt::join(demands, ", ")),
                    "drop it from the table (ALTER TABLE), or use a table without it"});
}

}  // namespace sluice::delta
