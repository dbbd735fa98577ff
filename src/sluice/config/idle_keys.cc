#include "sluice/config/idle_keys.h"

#include <array>
#include <string_view>

namespace sluice::config {
namespace {

struct Idle {
  std::string_view key;
  std::string_view as_today;  ///< the values, between blanks, that ask for what is done anyway
  std::string_view message;
};

constexpr std::array<Idle, 2> kSections{
    {{"notify", "",
      "no notices are sent yet: watch the exit codes of `sluice run` and `sluice status`"},
     {"serve", "",
      "`sluice serve` does not exist yet: start `sluice run` from cron or a systemd timer"}}};

constexpr std::array<Idle, 4> kTableKeys{
    {{"schedule", "",
      "sluice does not start runs by itself yet: use cron or a systemd timer. `status` derives "
      "from "
      "the schedule when a table is late"},
     {"partition_markers", " none ",
      "partition folders get no _SUCCESS file yet: the manifests name the partitions that are "
      "final"},
     {"images", " both ",
      "update_preimage rows are exported nevertheless: let the reader filter on _change_type"},
     {"copy", " never ", "nothing is copied yet: every row is decoded and encoded"}}};

template <size_t kCount>
void Collect(const YamlMap& map, const std::array<Idle, kCount>& list, const std::string& prefix,
             const std::string& table, std::vector<IdleKey>& found) {
  for (const auto& idle : list) {
    const std::string key(idle.key);
    if (!map.Has(key)) continue;
    if (idle.as_today.find(" " + map.Written(key) + " ") != std::string_view::npos) continue;
    found.push_back(
        {LineColumnOf(map.MarkOf(key)), prefix + key, table, std::string(idle.message)});
  }
}

}  // namespace

std::vector<IdleKey> FindIdleSections(const YamlMap& root) {
  std::vector<IdleKey> found;
  Collect(root, kSections, "", "", found);
  return found;
}

std::vector<IdleKey> FindIdleTableKeys(const YamlMap& entry, const std::string& table) {
  std::vector<IdleKey> found;
  Collect(entry, kTableKeys, table.empty() ? "defaults." : "", table, found);
  return found;
}

}  // namespace sluice::config
