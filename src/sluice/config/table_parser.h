#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/config/yaml_map.h"

namespace sluice::config {

/// Every key that an entry of `tables` (or `defaults`) may have.
const std::vector<std::string>& TableKeys();

/// One entry of `tables`, with what it leaves out taken from `defaults`. Mistakes are noted in the maps.
/// `has_catalog`: the entry may do without a path.
std::optional<Table> ParseTable(YamlMap& entry, YamlMap& defaults, bool has_catalog);

/// True for hourly, daily, weekly and five cron fields.
bool IsSchedule(std::string_view text);

}  // namespace sluice::config
