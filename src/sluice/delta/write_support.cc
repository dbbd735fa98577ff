#include "sluice/delta/write_support.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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

bool IsTrue(const Metadata& metadata, const std::string& property) {
  const auto found = metadata.configuration.find(property);
  if (found == metadata.configuration.end()) return false;
  std::string value = found->second;
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return value == "true";
}

void AddPropertyDemands(const Metadata& metadata, std::vector<std::string>& demands) {
  if (IsTrue(metadata, "delta.appendOnly")) demands.push_back("delta.appendOnly = true");
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
  if (IsTrue(metadata, "delta.enableRowTracking")) demands.push_back("row tracking");
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

std::string NextWord(std::string_view& text) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  std::string word;
  while (!text.empty() && !is_space(text.front())) {
    word += static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    text.remove_prefix(1);
  }
  return word;
}

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int64_t> MicrosOfUnit(std::string unit) {
  if (unit.size() > 1 && unit.back() == 's') unit.pop_back();
  struct Unit {
    std::string_view name;
    int64_t micros;
  };
  static constexpr Unit kUnits[] = {{"week", Days(7).micros},
                                    {"day", Days(1).micros},
                                    {"hour", Hours(1).micros},
                                    {"minute", Minutes(1).micros},
                                    {"second", Seconds(1).micros},
                                    {"millisecond", 1000},
                                    {"microsecond", 1}};
  for (const Unit& known : kUnits) {
    if (known.name == unit) return known.micros;
  }
  return std::nullopt;
}

void ReadInterval(const Metadata& metadata, const char* property, Duration& value) {
  const auto found = metadata.configuration.find(property);
  if (found == metadata.configuration.end()) return;
  if (const auto parsed = ParseInterval(found->second)) value = *parsed;
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

TableProperties PropertiesOf(const Metadata& metadata) {
  TableProperties properties;
  ReadInterval(metadata, "delta.logRetentionDuration", properties.log_retention);
  ReadInterval(metadata, "delta.deletedFileRetentionDuration", properties.deleted_file_retention);
  const auto interval = metadata.configuration.find("delta.checkpointInterval");
  if (interval != metadata.configuration.end()) {
    const auto number = ParseNumber(interval->second);
    if (number && *number > 0) properties.checkpoint_interval = *number;
  }
  const auto clean_up = metadata.configuration.find("delta.enableExpiredLogCleanup");
  properties.clean_up_log =
      clean_up == metadata.configuration.end() || IsTrue(metadata, "delta.enableExpiredLogCleanup");
  properties.in_commit_timestamps = IsTrue(metadata, "delta.enableInCommitTimestamps");
  return properties;
}

std::optional<Duration> ParseInterval(std::string_view text) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 4;
  std::string word = NextWord(text);
  if (word == "interval") word = NextWord(text);
  if (word.empty()) return std::nullopt;
  int64_t total = 0;
  while (!word.empty()) {
    const auto number = ParseNumber(word);
    const auto unit = MicrosOfUnit(NextWord(text));
    if (!number || !unit || *number < 0 || *number > kMost / *unit) return std::nullopt;
    total += *number * *unit;
    if (total > kMost) return std::nullopt;
    word = NextWord(text);
  }
  return Duration{total};
}

}  // namespace sluice::delta
