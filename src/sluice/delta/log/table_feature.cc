#include "sluice/delta/log/table_feature.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::delta {
namespace {

// columnMapping stands here because a table may list it and still have mode none; its mode decides.
constexpr std::array<std::string_view, 4> kSupported = {"columnMapping", "deletionVectors",
                                                        "timestampNtz", "vacuumProtocolCheck"};
constexpr int kMaxReaderVersion = 3;

struct Advice {
  std::string_view feature, remedy;
};
constexpr Advice kAdvice[] = {
    {"columnMapping",
     "copy the table into one without column mapping (CREATE TABLE ... AS SELECT)"},
    {"v2Checkpoint",
     "ALTER TABLE ... SET TBLPROPERTIES ('delta.checkpointPolicy' = 'classic') and "
     "ALTER TABLE ... DROP FEATURE v2Checkpoint"},
    {"typeWidening",
     "ALTER TABLE ... DROP FEATURE typeWidening, which rewrites the files concerned"},
    {"variant", "export a copy of the table whose variant columns are cast to strings"},
    {"catalog", "export a copy of the table that is not managed by a catalog"},
};

std::string RemedyFor(const std::vector<std::string>& features) {
  std::vector<std::string_view> remedies;
  for (const Advice& advice : kAdvice) {
    for (const std::string& feature : features) {
      if (feature.starts_with(advice.feature)) {
        remedies.push_back(advice.remedy);
        break;
      }
    }
  }
  if (remedies.empty()) return "drop the feature (ALTER TABLE ... DROP FEATURE) or export a copy";
  return fmt::format("{}", fmt::join(remedies, "; "));
}

}  // namespace

std::vector<std::string> UnsupportedReaderFeatures(const Protocol& protocol,
                                                   const Metadata& metadata) {
  std::vector<std::string> unsupported;
  if (protocol.min_reader_version > kMaxReaderVersion) {
    unsupported.push_back(fmt::format("reader version {}", protocol.min_reader_version));
  }
  for (const std::string& feature : protocol.reader_features) {
    if (std::find(kSupported.begin(), kSupported.end(), feature) == kSupported.end()) {
      unsupported.push_back(feature);
    }
  }
  const auto mode = metadata.configuration.find("delta.columnMapping.mode");
  if (mode != metadata.configuration.end() && mode->second != "none") {
    unsupported.push_back(fmt::format("columnMapping (mode {})", mode->second));
  }
  return unsupported;
}

Status CheckReadable(const Protocol& protocol, const Metadata& metadata, std::string_view table) {
  const std::vector<std::string> unsupported = UnsupportedReaderFeatures(protocol, metadata);
  if (unsupported.empty()) return {};
  return Fail(Error{
      ErrorKind::kUnsupported,
      fmt::format("{} needs {} that sluice can't read: {}", table,
                  unsupported.size() == 1 ? "a feature" : "features", fmt::join(unsupported, ", ")),
      RemedyFor(unsupported)});
}

}  // namespace sluice::delta
