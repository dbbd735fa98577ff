#include "sluice/delta/log/table_properties.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <string>

namespace sluice::delta {
namespace {

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

bool IsPropertyTrue(const Metadata& metadata, std::string_view property) {
  const auto found = metadata.configuration.find(std::string(property));
  if (found == metadata.configuration.end()) return false;
  std::string value = found->second;
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return value == "true";
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
  properties.clean_up_log = clean_up == metadata.configuration.end() ||
                            IsPropertyTrue(metadata, "delta.enableExpiredLogCleanup");
  properties.in_commit_timestamps = IsPropertyTrue(metadata, "delta.enableInCommitTimestamps");
  properties.change_data_feed = IsPropertyTrue(metadata, "delta.enableChangeDataFeed");
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
