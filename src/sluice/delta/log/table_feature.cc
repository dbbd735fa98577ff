#include "sluice/delta/log/table_feature.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "sluice/delta/schema/column_mapping.h"
#include "sluice/delta/schema/json_object.h"

namespace sluice::delta {
namespace {

// Those that bring types of their own are here, too: only who reads such a column needs to know its type.
constexpr std::string_view kSupported[] = {
    "columnMapping",      "deletionVectors",          "geospatial",
    "geospatial-dev",     "timestampNanos",           "timestampNtz",
    "typeWidening",       "typeWidening-preview",     "vacuumProtocolCheck",
    "variantShredding",   "variantShredding-preview", "variantType",
    "variantType-preview"};
// What the log, not a column, makes a reader know, and what binds writers alone, should a table list it among the
// features of its readers.
constexpr std::string_view kOfTheLog[] = {"allowColumnDefaults",
                                          "appendOnly",
                                          "changeDataFeed",
                                          "checkConstraints",
                                          "checkpointProtection",
                                          "clustering",
                                          "collations",
                                          "collations-preview",
                                          "columnMappingUsageTracking",
                                          "coordinatedCommits-preview",
                                          "domainMetadata",
                                          "generatedColumns",
                                          "icebergCompatV1",
                                          "icebergCompatV2",
                                          "icebergCompatV3",
                                          "icebergWriterCompatV1",
                                          "icebergWriterCompatV3",
                                          "identityColumns",
                                          "inCommitTimestamp",
                                          "invariants",
                                          "materializePartitionColumns",
                                          "redirectWriterOnly-preview",
                                          "rowTracking",
                                          "timestampWithoutTimezone",
                                          "v2Checkpoint"};
/// Under both names it is the same.
constexpr std::string_view kManaged[] = {"catalogManaged", "catalogOwned-preview"};
constexpr int kMaxReaderVersion = 3;
constexpr std::string_view kRedirect = "redirectReaderWriter-preview";

struct Advice {
  std::string_view feature, remedy;
};
constexpr Advice kAdvice[] = {
    {"columnMapping",
     "copy the table into one without column mapping (CREATE TABLE ... AS SELECT)"},
    {"catalog",
     "its newest commits are known to its catalog alone: leave out `path`, so that `catalog` "
     "resolves the table by its name"},
    {kRedirect, "give the table's `path` the place that it was moved to"},
    {"adaptiveMetadata", "export a copy of the table that keeps its files in a Delta log"},
    {"reader version", "update sluice, or export a copy of the table"},
};

bool IsSupported(std::string_view feature) {
  return std::find(std::begin(kSupported), std::end(kSupported), feature) != std::end(kSupported) ||
         std::find(std::begin(kOfTheLog), std::end(kOfTheLog), feature) != std::end(kOfTheLog);
}

bool IsManaged(std::string_view feature) {
  return std::find(std::begin(kManaged), std::end(kManaged), feature) != std::end(kManaged);
}

// Readers disagree on a table whose mode says one thing and whose protocol another.
bool AllowsColumnMapping(const Protocol& protocol) {
  return protocol.min_reader_version == 2 ||
         std::find(protocol.reader_features.begin(), protocol.reader_features.end(),
                   "columnMapping") != protocol.reader_features.end();
}

// Where a redirected table points to, as its property says; "" where it does not.
std::string RedirectTarget(const Metadata& metadata) {
  const auto property = metadata.configuration.find("delta.redirectReaderWriter-preview");
  if (property == metadata.configuration.end()) return "";
  JsonParser parser;
  const auto json = parser.Parse(property->second, property->first);
  if (!json) return "";
  const auto object = JsonObject::From(*json, property->first);
  const auto spec = object ? object->Get("spec") : std::nullopt;
  if (!spec) return "";
  constexpr size_t kShown = 1000;
  return fmt::format("; it points to {} (type {}, state {})",
                     simdjson::minify(*spec).substr(0, kShown),
                     object->String("type").value_or(std::nullopt).value_or("unknown"),
                     object->String("state").value_or(std::nullopt).value_or("unknown"));
}

/// Where the catalog was asked and says that it does not manage the table.
constexpr std::string_view kNotByThisCatalog =
    "`catalog` does not manage the commits of this table, although the table is made for that: "
    "name "
    "the catalog that does";

std::string RemedyFor(const std::vector<std::string>& features, CommitAuthority authority) {
  std::vector<std::string_view> remedies;
  for (const Advice& advice : kAdvice) {
    for (const std::string& feature : features) {
      if (!feature.starts_with(advice.feature)) continue;
      const bool asked = IsManaged(feature) && authority == CommitAuthority::kLogByName;
      remedies.push_back(asked ? kNotByThisCatalog : advice.remedy);
      break;
    }
  }
  if (remedies.empty()) return "drop the feature (ALTER TABLE ... DROP FEATURE) or export a copy";
  return fmt::format("{}", fmt::join(remedies, "; "));
}

}  // namespace

bool IsCatalogManaged(const Protocol& protocol) {
  return std::any_of(protocol.reader_features.begin(), protocol.reader_features.end(), IsManaged);
}

std::vector<std::string> UnsupportedReaderFeatures(const Protocol& protocol,
                                                   const Metadata& metadata,
                                                   CommitAuthority authority) {
  std::vector<std::string> unsupported;
  if (protocol.min_reader_version > kMaxReaderVersion) {
    unsupported.push_back(fmt::format("reader version {}", protocol.min_reader_version));
  }
  for (const std::string& feature : protocol.reader_features) {
    const bool known =
        IsManaged(feature) ? authority == CommitAuthority::kCatalog : IsSupported(feature);
    if (!known) unsupported.push_back(feature);
  }
  const auto mode = ColumnMappingModeOf(metadata.configuration);
  if (!mode || (*mode != ColumnMappingMode::kNone && !AllowsColumnMapping(protocol))) {
    unsupported.push_back(fmt::format("columnMapping (mode {}{})",
                                      metadata.configuration.at("delta.columnMapping.mode"),
                                      mode ? ", which its protocol does not allow" : ""));
  }
  return unsupported;
}

Status CheckReadable(const Protocol& protocol, const Metadata& metadata, std::string_view table,
                     CommitAuthority authority) {
  const std::vector<std::string> unsupported =
      UnsupportedReaderFeatures(protocol, metadata, authority);
  if (unsupported.empty()) return {};
  const bool redirected =
      std::find(unsupported.begin(), unsupported.end(), kRedirect) != unsupported.end();
  return Fail(
      Error{ErrorKind::kUnsupported,
            fmt::format("{} needs {} that sluice can't read: {}{}", table,
                        unsupported.size() == 1 ? "a feature" : "features",
                        fmt::join(unsupported, ", "), redirected ? RedirectTarget(metadata) : ""),
            RemedyFor(unsupported, authority)});
}

}  // namespace sluice::delta
