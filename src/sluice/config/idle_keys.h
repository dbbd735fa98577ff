#pragma once

#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/config/yaml_map.h"

/// The one list of keys that the parser accepts before their feature exists. A feature that arrives takes its
/// keys off the list.
namespace sluice::config {

/// The keys of the file outside `tables` and `defaults` that have no effect in this version.
std::vector<IdleKey> FindIdleSections(const YamlMap& root);

/// The same for an entry of `tables`, or for `defaults` where `table` is "". A key set to what this version
/// does anyway is not idle.
std::vector<IdleKey> FindIdleTableKeys(const YamlMap& entry, const std::string& table);

}  // namespace sluice::config
